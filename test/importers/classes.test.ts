/** Chooses, renames and merges the classes of a source. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseClassChoice } from '#importers/dataset/class-choice.js';
import { resolveClasses } from '#importers/dataset/resolve-classes.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coarsely-classes-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const listed = [
  { name: 'road', color: [1, 2, 3] },
  { name: 'car', color: [4, 5, 6] },
  { name: 'truck', color: [4, 5, 6] },
] as const;

function resolve(
  choice: string | null,
  {
    seen = ['road', 'car', 'truck'],
    unlabeled = 'ignore',
    known = listed,
  }: {
    seen?: readonly string[];
    unlabeled?: 'ignore' | 'background';
    known?: Parameters<typeof resolveClasses>[0]['listed'];
  } = {},
) {
  return resolveClasses({
    listed: known,
    seen,
    choice: choice === null ? null : parseClassChoice(choice),
    unlabeled,
    source: 'export',
  });
}

test('all classes are kept in the order of the tool, others behind them, and no two have one color', () => {
  const { classes, labels, unlabeled } = resolve(null, { seen: ['zebra', 'car', 'ape'] });
  expect(classes.map(({ name }) => name)).toEqual(['road', 'car', 'truck', 'ape', 'zebra']);
  expect(classes[1]?.color).toEqual([4, 5, 6]);
  expect(new Set(classes.map(({ color }) => `${color}`)).size).toBe(5);
  expect([...labels]).toEqual([
    ['road', 0],
    ['car', 1],
    ['truck', 2],
    ['zebra', 4],
    ['ape', 3],
  ]);
  expect(unlabeled).toBe(255);
});

test('classes are merged, renamed, kept, ignored and left out', () => {
  const { classes, labels, leftOut } = resolve('truck=vehicle,car=vehicle,person=', {
    seen: ['road', 'car', 'truck', 'person'],
  });
  expect(classes.map(({ name }) => name)).toEqual(['vehicle']);
  expect(labels.get('car')).toBe(0);
  expect(labels.get('truck')).toBe(0);
  expect(labels.get('person')).toBe(255);
  expect(labels.get('road')).toBeNull();
  expect(leftOut).toEqual(['road']);
});

test('* keeps or merges all others', () => {
  expect(resolve('truck=car,*').classes.map(({ name }) => name)).toEqual(['car', 'road']);
  expect(resolve('car,*=rest').labels).toEqual(
    new Map([
      ['road', 1],
      ['car', 0],
      ['truck', 1],
    ]),
  );
});

test('a file gives colors, names with commas, and several sources of a class', () => {
  const yaml = join(folder, 'choice.yaml');
  writeFileSync(yaml, '- {name: vehicle, color: [9, 9, 9], from: [car, "truck, large"]}\n- road\n');
  const { classes, labels } = resolve(yaml, { seen: ['truck, large'] });
  expect(classes.map(({ name, color }) => `${name} ${color}`)).toEqual(['vehicle 9,9,9', 'road 1,2,3']);
  expect(labels.get('truck, large')).toBe(0);
  const json = join(folder, 'choice.json');
  writeFileSync(json, '{"car": "vehicle", "road": null, "*": "*"}');
  expect(resolve(json).classes.map(({ name }) => name)).toEqual(['vehicle', 'truck']);
  expect(resolve(json).labels.get('road')).toBe(255);
  const list = join(folder, 'classes.json');
  writeFileSync(list, '{"classes": [{"name": "car"}, {"name": "road"}]}');
  expect(resolve(list).classes.map(({ name }) => name)).toEqual(['car', 'road']);
});

test('pixels that nobody labeled are a class background, first in the list and black, unless there is one', () => {
  const added = resolve(null, { unlabeled: 'background' });
  expect(added.classes[0]).toEqual({ name: 'background', color: [0, 0, 0] });
  expect(added.unlabeled).toBe(0);
  expect(added.labels.get('road')).toBe(1);
  const there = resolve(null, { unlabeled: 'background', seen: ['Background'] });
  expect(there.classes.map(({ name }) => name)).toEqual(['road', 'car', 'truck', 'Background']);
  expect(there.unlabeled).toBe(3);
});

test('names are compared in composed letters, and two that look alike are named', () => {
  const decomposed = 'ma\u0308dchen';
  const { classes, labels, notes } = resolve(null, {
    known: null,
    seen: [decomposed, ' m\u00e4dchen', 'Traffic Light', 'traffic-light', ''],
  });
  expect(classes.map(({ name }) => name)).toEqual(['Traffic Light', 'm\u00e4dchen', 'traffic-light'].sort());
  expect(labels.get(decomposed)).toBe(labels.get(' m\u00e4dchen'));
  expect(labels.get('')).toBe(255);
  expect(notes[0]).toContain("'Traffic Light' and 'traffic-light' are two classes");
});

test('names like those of properties of objects are names', () => {
  const { classes, labels } = resolve(null, { known: null, seen: ['__proto__', 'constructor'] });
  expect(classes.map(({ name }) => name)).toEqual(['__proto__', 'constructor']);
  expect(labels.get('__proto__')).toBe(0);
});

test('unknown names are refused with the nearest', () => {
  expect(() => resolve('trcuk=car')).toThrow(
    "export: no class 'trcuk', which --classes names; did you mean truck?; classes are road, car, truck",
  );
});

test.each([
  ['car=vehicle=x', "'car=vehicle=x' is no class"],
  ['car,,road', "'' is no class"],
  ['car=a,car=b', "'car' is given two classes"],
  ['car=', 'no class is kept'],
])('%s is refused: %s', (text, reason) => {
  expect(() => parseClassChoice(text)).toThrow(reason);
});

test('a folder or file of the name of a class is no choice of classes', () => {
  expect(resolve('src=car,*', { known: null, seen: ['src'] }).classes.map(({ name }) => name)).toEqual([
    'car',
  ]);
  expect(resolve('src', { known: null, seen: ['src'] }).classes.map(({ name }) => name)).toEqual(['src']);
});

test('a file that is no choice is refused by its name', () => {
  const file = join(folder, 'wrong.json');
  writeFileSync(file, '{"classes": 3}');
  expect(() => parseClassChoice(file)).toThrow(`${file}: is no choice of classes`);
  writeFileSync(file, '{"classes"');
  expect(() => parseClassChoice(file)).toThrow(`${file}: cannot be read as classes`);
  expect(() => parseClassChoice(join(folder, 'missing.yaml'))).toThrow('missing.yaml: cannot be read');
});

test('more classes than a label file holds are refused', () => {
  const seen = Array.from({ length: 256 }, (_, index) => `c${index}`);
  expect(() => resolve(null, { known: null, seen })).toThrow(
    'export: has 256 classes, of which a label file holds 255',
  );
});
