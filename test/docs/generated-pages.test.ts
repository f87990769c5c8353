// The generated pages are those of the current schema, commands and import rules.

import { expect, test } from 'vitest';
import { generatedPages } from '../../scripts/docs/generated-pages.js';
import { readDocument } from './markdown.js';

const pages = await generatedPages();

test.each([...pages.keys()])('%s is current (after a change: npm run generate:docs)', (path) => {
  expect(readDocument(path)).toBe(pages.get(path));
});
