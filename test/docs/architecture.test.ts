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
const rules = new Map(
  forbidden.flatMap(({ name, comment }) => {
    const room = /^room-(.+)$/.exec(name)?.[1];
    const list = comment.replace(/^.*may import only: |\.$/g, '').replace('nothing', '');
    return room === undefined ? [] : [[room, list.split(', ').filter((other) => other !== '')] as const];
  }),
);
/** The lowest room may import the rooms that every room may import, and no other. */
const foundations = rules.get('torch') ?? [];

const rows = [...readDocument('docs/architecture.md').matchAll(/^\| `(\w+)` \|[^|]*\| ([^|]*) \|$/gm)].map(
  ([, room = '', text = '']) => ({
    room,
    imports: [...text.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).sort(),
  }),
);

test('every room has a row, in any order', () => {
  expect(rows.map(({ room }) => room).sort()).toEqual([...rules.keys(), 'cli'].sort());
});

test.each([...rules])('%s: the row says what it may import', (room, allowed) => {
  const isFoundation = foundations.includes(room);
  const beside = allowed.filter((other) => isFoundation || !foundations.includes(other));
  expect(rows.find((row) => row.room === room)?.imports).toEqual(beside.sort());
});
