// The networks that a config can name are in the guide, with their sizes.

import { backbones, createSegmentor, heads } from 'coarsely/models';
import type { Module } from 'coarsely/nn';
import { Generator } from 'coarsely/torch';
import { expect, test } from 'vitest';
import { readDocument } from './markdown.js';

const guide = readDocument('docs/guide/networks.md');

/** Rows of the first table under a heading, by the kind in the first cell. */
function rows(heading: string): Map<string, string> {
  const section = guide.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return new Map(
    [...section.matchAll(/^\| `([\w-]+)` \|(.*)$/gm)].map(([, kind = '', rest = '']) => [kind, rest]),
  );
}

/** The number of parameters, without those of the auxiliary classifier that OCR brings. */
function parameterCount(module: Module): number {
  return [...module.namedParameters()]
    .filter(([name]) => !name.startsWith('regions.'))
    .reduce((sum, [, { numel }]) => sum + numel, 0);
}

test('every kind has a row, and no row is of a kind that is not there', () => {
  expect([...rows('Backbones').keys()]).toEqual(backbones.kinds());
  expect([...rows('Heads').keys()].sort()).toEqual(heads.kinds().sort());
});

test.each(backbones.kinds())('backbone %s has as many parameters as the guide says', (kind) => {
  using generator = new Generator(1);
  const segmentor = createSegmentor(
    { backbone: { kind }, head: { kind: 'fcn', channels: 1 }, auxiliary: null },
    { classCount: 1, generator },
  );
  const millions = parameterCount(segmentor.backbone) / 1e6;
  expect(rows('Backbones').get(kind)).toContain(` ${millions.toFixed(1)} M `);
  segmentor.dispose();
});

test.each(heads.kinds())('head %s has as many parameters as the guide says', (kind) => {
  using generator = new Generator(1);
  const segmentor = createSegmentor(
    { backbone: { kind: 'resnet50' }, head: { kind }, auxiliary: null },
    { classCount: 19, generator },
  );
  const count = parameterCount(segmentor.head).toLocaleString('en-US').replaceAll(',', ' ');
  expect(rows('Heads').get(kind)).toContain(` ${count} `);
  segmentor.dispose();
});
