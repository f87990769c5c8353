// The networks that a config can name are in the guide, with their options, defaults and sizes.

import { backbones, createSegmentor, heads } from 'coarsely/models';
import { Generator, liveTensorCount } from 'coarsely/torch';
import { expect, test } from 'vitest';
import { readDocument } from './markdown.js';

const guide = readDocument('docs/guide/networks.md');

/** Rows of the table under a heading, by the kind in the first cell. */
function rows(heading: string): Map<string, string> {
  const section = guide.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return new Map(
    [...section.matchAll(/^\| `([\w-]+)` \|(.*)$/gm)].map(([, kind = '', rest = '']) => [kind, rest]),
  );
}

test('every kind has a row, and no row is of a kind that is not there', () => {
  expect([...rows('`model.backbone`').keys()]).toEqual(backbones.kinds());
  expect([...rows('`model.head`').keys()].sort()).toEqual(heads.kinds().sort());
});

test.each(heads.kinds())("%s's options and defaults are told", (kind) => {
  for (const [name, value] of Object.entries(heads.get(kind).options.parse({}) as object)) {
    expect(rows('`model.head`').get(kind)).toContain(`\`${name}: ${JSON.stringify(value)}\``);
  }
});

test.each(backbones.kinds())('%s has as many parameters as the guide says', (kind) => {
  const live = liveTensorCount();
  using generator = new Generator(1);
  const segmentor = createSegmentor(
    { backbone: { kind }, head: { kind: 'fcn', channels: 1 }, auxiliary: null },
    { classCount: 1, generator },
  );
  const millions = segmentor.backbone.parameters().reduce((sum, { numel }) => sum + numel, 0) / 1e6;
  expect(rows('`model.backbone`').get(kind)).toContain(` ${millions.toFixed(1)} M `);
  segmentor.dispose();
  expect(liveTensorCount()).toBe(live);
});
