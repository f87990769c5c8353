/** Finds the regions that journals decide about. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decidedRegions } from '#review/index.js';

const common = { time: '2025-01-01T00:00:00Z', by: 'ada' };
const place = { split: 'train', image: 'a', labels: 'coarse', width: 2, height: 1 };

function decision(id: string, region: string, action = 'accept'): object {
  return {
    ...common,
    ...place,
    id,
    action,
    region: { id: region, given: 'car', suggested: 'road', runs: '02' },
  };
}

function undo(id: string, line: string): object {
  return { ...common, id, action: 'undo', line };
}

test('a region is decided unless the decision was taken back or people disagree', () => {
  const folder = mkdtempSync(join(tmpdir(), 'decided-'));
  try {
    const write = (name: string, lines: readonly object[]) => {
      writeFileSync(join(folder, name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      return join(folder, name);
    };
    const first = write('a.jsonl', [
      decision('1', 'r1'),
      decision('2', 'r2', 'keep'),
      decision('3', 'r3', 'unlabel'),
      undo('4', '2'),
      undo('5', '3'),
      // Takes back that line 3 was taken back.
      undo('6', '5'),
      { ...common, ...place, id: '7', action: 'point', x: 0, y: 0, class: 'car' },
    ]);
    const second = write('b.jsonl', [decision('b1', 'r4'), decision('b2', 'r5')]);
    const other = { ...decision('c1', 'r5', 'keep'), by: 'bob' };
    const third = write('c.jsonl', [other, { ...decision('c2', 'r4'), by: 'bob' }]);
    expect([...decidedRegions([first, second, third])].sort()).toEqual(['r1', 'r3', 'r4']);
    expect(decidedRegions([])).toEqual(new Set());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
