/** Gives configs what YAML can express and no config holds: every text is refused in one line that says why. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema, resolveConfig } from 'coarsely/config';
import { afterAll, describe, expect, it } from 'vitest';
import { storedConfig } from '#config/stored-config.js';

const folder = mkdtempSync(join(tmpdir(), 'coarsely-odd-yaml-'));
afterAll(() => rmSync(folder, { recursive: true }));

function resolve(text: string | Uint8Array, set: readonly string[] = []) {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, text);
  return resolveConfig(file, { schema: configSchema, set });
}

function problemOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(['ConfigError', 'CheckpointError']).toContain((error as Error).name);
    return (error as Error).message.replaceAll(folder, '.');
  }
  throw new Error('expected an error');
}

const bomb = ['a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]'];
for (const [one, other] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh'].map((pair) => [...pair])) {
  bomb.push(`${other}: &${other} [${Array(9).fill(`*${one}`).join(', ')}]`);
}

describe('files', () => {
  const cases: [what: string, text: string | Uint8Array, expected: RegExp][] = [
    ['an alias without anchor', 'data: *nothing\n', /not valid YAML: Unresolved alias/],
    ['aliases that multiply', `${bomb.join('\n')}\n`, /not valid YAML: Excessive alias count/],
    [
      'a section that contains itself',
      'data: &data\n  root: d\n  train: *data\n',
      /nested more than 64 deep/,
    ],
    ['a list that contains itself', 'data: &d [*d]\n', /nested more than 64 deep/],
    ['deep nesting', `data: ${'['.repeat(100)}${']'.repeat(100)}\n`, /nested more than 64 deep/],
    ['bottomless nesting', `data: ${'['.repeat(100_000)}`, /nested more than 64 deep|not valid YAML/],
    [
      'two documents',
      'seed: 1\n---\nseed: 2\n',
      /config\.yaml:2: not valid YAML: expected one document, found several/,
    ],
    ['binary data', 'data: {root: !!binary aGVsbG8=}\n', /expected only keys, lists, texts, numbers/],
    ['an own tag', 'data: {root: !path here}\n', /config\.yaml:1: not valid YAML: Unresolved tag/],
    ['a date of YAML 1.1', '%YAML 1.1\n---\nname: 2001-12-14\n', /expected only keys, lists, texts, numbers/],
    [
      'a set of YAML 1.1',
      '%YAML 1.1\n---\ndata: !!set {root, d}\n',
      /expected only keys, lists, texts, numbers/,
    ],
    ['a prototype', 'data: {root: d}\n__proto__: {seed: 7}\n', /__proto__ is no name for a key/],
    [
      'a nested prototype',
      'data: {root: d, train: {__proto__: {split: x}}}\n',
      /__proto__ is no name for a key/,
    ],
    ['a name of every object', 'data: {root: d}\nconstructor: 1\n', /unknown key constructor/],
    [
      'a nested name of every object',
      'data: {root: d}\ntraining: {toString: 1}\n',
      /unknown key training\.toString/,
    ],
    ['a key twice', 'seed: 1\nseed: 2\n', /config\.yaml:2: not valid YAML: Map keys must be unique/],
    ['a tab', 'data:\n\troot: d\n', /not valid YAML: Tabs are not allowed/],
    ['a number beyond all', 'data: {root: d}\nseed: 1e999\n', /seed: expected a number, received Infinity/],
    ['no number', 'data: {root: d}\ntraining: {isolatedFraction: .nan}\n', /expected a number, received NaN/],
    ['a whole number beyond 2^53', 'data: {root: d}\nseed: 9007199254740993\n', /seed: expected/],
    ['binary content', Uint8Array.of(0, 1, 2, 0xff, 0xfe, 0), /not valid YAML|expected keys and values/],
    ['a list of sections where one belongs', 'data: [{root: d}]\n', /data: expected a section of keys/],
    ['extends with a list', 'extends: [a, b]\ndata: {root: d}\n', /extends: expected a recipe or a file/],
    ['extends with a NUL', 'extends: "a\\0b"\ndata: {root: d}\n', /no recipe of this name and no such file/],
    ['extends with a folder', 'extends: "."\ndata: {root: d}\n', /no recipe of this name and no such file/],
  ];
  it.each(cases)('%s', (_, text, expected) => {
    const message = problemOf(() => resolve(text));
    expect(message).toMatch(/^config \.\/config\.yaml/);
    expect(message).toMatch(expected);
    expect(message.length).toBeLessThan(1000);
  });

  it('an alias used twice, comments and an empty document are fine', () => {
    expect(
      resolve('data: {root: d, train: &part {split: a}, evaluation: *part}\n').data.evaluation.split,
    ).toBe('a');
    expect(resolve('# nothing\n', ['data.root=d', 'seed=3']).seed).toBe(3);
  });

  it('the config of a run says that it is damaged', () => {
    for (const configYaml of ['a: *b', 'a: &a [*a]', '- 1', 'a: b: c', '{'.repeat(100_000)]) {
      expect(problemOf(() => storedConfig({ folder: 'runs/1', configYaml }))).toMatch(
        /^runs\/1\/config\.yaml: is damaged/,
      );
    }
  });
});

describe('--set', () => {
  const cases: [set: string, expected: RegExp][] = [
    [
      'training.iterations=*x',
      /--set training\.iterations=\*x: the value is not valid YAML: Unresolved alias/,
    ],
    ['seed=[1', /--set seed=\[1: the value is not valid YAML: /],
    ['seed=&a [*a]', /nested more than 64 deep/],
    ['__proto__.seed=1', /__proto__ is no name for a key/],
    ['training.__proto__.iterations=1', /__proto__ is no name for a key/],
    ['training.constructor.name=1', /unknown key training\.constructor/],
    ['toString=1', /unknown key toString/],
    ['seed=!!js/function x', /not valid YAML: Unresolved tag/],
    ['a..b=1', /expected KEY=VALUE/],
    ['=1', /expected KEY=VALUE/],
    ['training.iterations=', /expected a number, received null/],
    [`name=${'x'.repeat(100)}!`, /name: expected letters, digits.*received "x{10,60}/],
  ];
  it.each(cases)('%s', (set, expected) => {
    const message = problemOf(() => resolve('data: {root: d}\n', [set]));
    expect(message).toMatch(expected);
    expect(message.split('\n')).toHaveLength(1);
  });

  it('leaves the prototype of all objects alone', () => {
    expect(() => resolve('data: {root: d}\n', ['__proto__.polluted=1'])).toThrow();
    expect(() => resolve('data: {root: d}\n', ['constructor.prototype.polluted=1'])).toThrow();
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
