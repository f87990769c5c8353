// Every loss, confidence, reweighter and dataset that a config can name is explained in a guide.

import { datasets } from 'coarsely/data';
import { losses } from 'coarsely/losses';
import { confidences, reweighters } from 'coarsely/reweighting';
import { expect, test } from 'vitest';
import { readDocument } from './markdown.js';

const guide = readDocument('docs/guide/losses-and-weights.md');

/** The kinds in the table under a heading. */
function kindsUnder(heading: string): string[] {
  const section = guide.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, kind = '']) => kind);
}

test.each([
  { heading: 'Loss', registry: losses },
  { heading: 'Confidence', registry: confidences },
  { heading: 'Reweighter', registry: reweighters },
])('$heading: every kind has a row, and every row is a kind', ({ heading, registry }) => {
  expect(kindsUnder(heading).sort()).toEqual(registry.kinds().sort());
});

test('datasets: every kind has a row, and every row is a kind', () => {
  const text = readDocument('docs/guide/public-datasets.md');
  const table = text.slice(text.indexOf('| `data.kind` |'), text.indexOf('## Cityscapes'));
  const kinds = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, kind = '']) => kind);
  expect(kinds.sort()).toEqual(datasets.kinds().sort());
});
