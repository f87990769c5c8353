/** Reads lists element by element and compares with what JSON.parse makes of the whole file. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonElements, jsonParts, jsonRest } from '#importers/json-list.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coarsely-json-list-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Uint8Array): string {
  const path = join(folder, 'list.json');
  writeFileSync(path, content);
  return path;
}

async function elementsOf(path: string, list: string | null): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { index, value } of jsonElements(path, { list })) {
    expect(index).toBe(found.length);
    found.push(value);
  }
  return found;
}

const awkward = [
  { text: 'a "quoted" ], } \\ and \\" é', nested: [[1, [2]], { items: [3] }] },
  null,
  -1.5e3,
  'just, text]',
  [],
  {},
  [[{ items: [] }]],
];

test.each([
  ['without spaces', (value: unknown) => JSON.stringify(value)],
  ['with spaces', (value: unknown) => `\n ${JSON.stringify(value, null, 2)}\r\n\t`],
])('elements equal those of the whole file, %s', async (_, text) => {
  expect(await elementsOf(file(text(awkward)), null)).toEqual(awkward);
  const whole = {
    items_: [0],
    'it"ems': [1],
    inner: { items: [2] },
    items: awkward,
    after: { list: [1, 2] },
  };
  const path = file(text(whole));
  expect(await elementsOf(path, 'items')).toEqual(awkward);
  expect(await jsonRest(path, { list: 'items' })).toEqual({ value: { ...whole, items: [] }, count: 7 });
});

test('a list larger than what is read at once comes in parts', async () => {
  const many = Array.from({ length: 3000 }, (_, index) => ({
    index,
    text: 'é,]"\\'.repeat(100 + (index % 7)),
  }));
  const path = file(JSON.stringify({ many }));
  expect(await elementsOf(path, 'many')).toEqual(many);
});

test.each([
  ['a byte order mark', Buffer.from('\uFEFF[1,{"a":2}]')],
  ['UTF-16', Buffer.from('\uFEFF[1,{"a":2}]', 'utf16le')],
])('%s is read', async (_, bytes) => {
  expect(await elementsOf(file(bytes), null)).toEqual([1, { a: 2 }]);
});

test('a file without the list has no elements', async () => {
  expect(await elementsOf(file('{"items": {"0": 1}}'), 'items')).toEqual([]);
  expect(await elementsOf(file('[]'), null)).toEqual([]);
});

test('keys such as __proto__ stay keys', async () => {
  const [element] = await elementsOf(file('[{"__proto__": {"polluted": 1}}]'), null);
  expect(Object.hasOwn(element as object, '__proto__')).toBe(true);
  expect((element as { polluted?: number }).polluted).toBeUndefined();
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

test('damage names the file and the element', async () => {
  await expect(elementsOf(file('[{"a": 1}, {"a": }]'), null)).rejects.toThrow(
    /list\.json: \[1\]: not valid JSON \(.*\); export or copy it again$/,
  );
  await expect(elementsOf(file('[{"a": 1}, {"a": '), null)).rejects.toThrow(
    /list\.json: the JSON ends in the middle; copy or export it again$/,
  );
  await expect(elementsOf(file(''), null)).rejects.toThrow(/list\.json: is empty, where JSON was expected$/);
  await expect(elementsOf(join(folder, 'gone.json'), null)).rejects.toThrow(/gone\.json: cannot be read/);
});

test.each([
  ['[{"a": [}, 2]', "[0]: not valid JSON (unexpected '}')"],
  ['[1, , 2]', "[1]: not valid JSON (unexpected ',')"],
  ['[, 1]', "[0]: not valid JSON (unexpected ',')"],
  ['[1, ]', "[1]: not valid JSON (unexpected ']')"],
  ['[1 2]', '[0]: not valid JSON ('],
  ['[1] 2', 'not valid JSON ('],
  ['[1]]', "not valid JSON (unexpected ']')"],
  ['{"items": [1], "a" 2}', 'not valid JSON ('],
])('a file that the brackets make shorter is refused: %s', async (content, message) => {
  const path = file(content);
  const list = content.startsWith('{') ? 'items' : null;
  await expect(elementsOf(path, list)).rejects.toThrow(`${path}: ${message}`);
});

test('a look at the beginning ends there', async () => {
  const path = file(`[{"a": 1}, {"b": "${'x'.repeat(2000)}"}]`);
  const parts = [];
  for await (const part of jsonParts(path, { list: null, limit: 100 })) parts.push(part);
  expect(parts.map(({ kind }) => kind)).toEqual(['element', 'rest']);
  expect(parts.at(-1)).toMatchObject({ complete: false });
});
