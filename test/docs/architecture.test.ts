// The table of rooms in the architecture page says what the import rules allow.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { project, readDocument } from './markdown.js';

interface Rule {
  readonly name: string;
  readonly comment: string;
}

const { forbidden } = createRequire(import.meta.url)(join(project, '.dependency-cruiser.cjs')) as {
  readonly forbidden: readonly Rule[];
};
const foundations = ['errors', 'registry', 'files'];

/** The rooms that each room may import beside the foundations, as the rule's comment lists them. */
const allowed = new Map(
  forbidden.flatMap(({ name, comment }) => {
    const room = /^room-(.+)$/.exec(name)?.[1];
    if (room === undefined || foundations.includes(room)) return [];
    const list = comment.replace(/^.*may import only: |\.$/g, '').split(', ');
    return [[room, list.filter((other) => !foundations.includes(other)).sort()] as const];
  }),
);

test('the table of rooms', () => {
  const rows = [...readDocument('docs/architecture.md').matchAll(/^\| `(\w+)` \|[^|]*\| ([^|]*) \|$/gm)]
    .map(([, room = '', imports = '']) => [room, imports] as const)
    .filter(([room]) => allowed.has(room) && room !== 'torch')
    .map(([room, imports]) => [room, [...imports.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).sort()]);
  expect(new Map(rows as [string, string[]][])).toEqual(
    new Map([...allowed].filter(([room]) => room !== 'torch')),
  );
});
