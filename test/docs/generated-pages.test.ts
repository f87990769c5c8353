// The generated pages are those of the current schema, commands and import rules.

import { expect, test } from 'vitest';
import { generatedPages } from '../../scripts/docs/generated-pages.js';
import { readDocument } from './markdown.js';

const pages = await generatedPages();

test.each([...pages.keys()])('%s is current (after a change: npm run generate:docs)', (path) => {
  expect(readDocument(path)).toBe(pages.get(path));
});

test.each([...pages].filter(([path]) => path.startsWith('docs/reference/co')))(
  'every key, option and kind in %s says what it means',
  (_, page) => {
    const silent = page.split('\n').filter((line) => /\|\s*\|$/.test(line) && !line.startsWith('|---'));
    expect(silent.filter((line) => !/^\| `(--|\[|<)/.test(line))).toEqual([]);
  },
);
