/** The beginning of a JSON file tells its keys, wherever it ends. */

import { expect, test } from 'vitest';
import { parseJsonHead } from '#importers/json-head.js';

function shown(text: string): unknown {
  const head = parseJsonHead(text);
  return (
    head && [
      head.root,
      head.keys,
      Object.fromEntries([...head.itemKeys].map(([key, set]) => [key, [...set]])),
    ]
  );
}

test('keys of the file and of the objects in its lists', () => {
  const text =
    '{"a": {"x": [{"y": 1}]}, "b": [{"c": "}]\\\\\\"{", "d": [{"e": 2}]}, {"c": 1, "f": null}], "g": 1.5}';
  expect(shown(text)).toEqual(['object', ['a', 'b', 'g'], { b: ['c', 'd', 'f'] }]);
  expect(shown(' \uFEFF\n[{"id": 1, "data": {"image": "a"}}, 3]')).toEqual([
    'list',
    [],
    { '': ['id', 'data'] },
  ]);
});

test('a text may end anywhere, and what is no JSON shows nothing', () => {
  expect(shown('{"a": [{"b": "never clo')).toEqual(['object', ['a'], { a: ['b'] }]);
  expect(shown('{"a": 1, "b')).toEqual(['object', ['a'], {}]);
  expect(shown('')).toBeNull();
  expect(shown('<annotations>')).toBeNull();
  expect(shown('"text"')).toBeNull();
});
