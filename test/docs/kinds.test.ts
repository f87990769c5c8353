// What a config can name is in the guide, with its options and their defaults.

import { losses } from 'coarsely/losses';
import { confidences, reweighters } from 'coarsely/reweighting';
import { expect, test } from 'vitest';
import { readDocument } from './markdown.js';

const guide = readDocument('docs/guide/losses-and-weights.md');

/** Rows of the table under a heading, by the kind in the first cell. */
function rows(heading: string): Map<string, string> {
  const section = guide.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return new Map(
    [...section.matchAll(/^\| `([\w-]+)` \|(.*)$/gm)].map(([, kind = '', rest = '']) => [kind, rest]),
  );
}

test.each([
  { heading: '`loss`', registry: losses },
  { heading: '`confidence`', registry: confidences },
  { heading: '`reweighter`', registry: reweighters },
])('$heading: every kind has a row, and no row is of a kind that is not there', ({ heading, registry }) => {
  expect([...rows(heading).keys()].sort()).toEqual(registry.kinds().sort());
});

test.each([
  ...losses.kinds().map((kind) => ({ heading: '`loss`', kind, options: losses.get(kind).options })),
  ...reweighters
    .kinds()
    .map((kind) => ({ heading: '`reweighter`', kind, options: reweighters.get(kind).options })),
])('$heading $kind: its options and defaults are told', ({ heading, kind, options }) => {
  const told = rows(heading).get(kind) ?? '';
  for (const [name, value] of Object.entries(options.parse({}) as object)) {
    const wanted =
      value === null ? `\`${name}\`` : `\`${name}: ${JSON.stringify(value).replaceAll(',', ', ')}\``;
    expect(told).toContain(wanted);
  }
});
