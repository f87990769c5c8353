/** What an audit keeps in its folder, and the order in which it writes the regions of all images. */

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SuspectRegion } from 'coarsely/audit';
import { ConfigError, DataError } from 'coarsely/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditStore, type ImageRecord } from '#audit/audit-store.js';
import { rankRegions } from '#audit/rank-regions.js';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'coarsely-audit-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const settings = { folds: 5, data: 'a' };

function record(image: string, expectedWrong: readonly number[]): ImageRecord {
  const regions = expectedWrong.map((expected, place): SuspectRegion => {
    const common = { split: 'train', image, labels: 'coarse', width: 10, height: 10 };
    return {
      ...{
        ...common,
        id: `${image}-${place}`,
        box: [0, 0, 2, 2],
        pixels: 2 * Math.ceil(expected),
        runs: '04P3',
      },
      ...{ given: 'road', suggested: place % 2 === 0 ? 'car' : 'tree', expectedWrong: expected },
      ...{ confidence: 0.9, loss: 3, weight: 2, kind: 'object' },
    };
  });
  return { split: 'train', image, labeled: 100, unjudged: 5, regions };
}

describe('AuditStore', () => {
  it('goes on where it was, behind the last whole line', () => {
    const folder = join(base, 'audit');
    {
      using store = AuditStore.open(folder, settings);
      store.add(record('a', [3]));
      store.add(record('b', []));
    }
    const file = join(folder, 'state/images.jsonl');
    appendFileSync(file, '{"split":"train","image":"c","labe');
    using store = AuditStore.open(folder, settings);
    expect(store.done).toBe(2);
    store.add(record('c', [1]));
    expect([...store.records()].map(({ image }) => image)).toEqual(['a', 'b', 'c']);
  });

  it('refuses the folder of another audit by what differs, and files that no audit wrote', () => {
    const folder = join(base, 'audit');
    AuditStore.open(folder, settings)[Symbol.dispose]();
    const other = () => AuditStore.open(folder, { folds: 4, data: 'a' });
    expect(other).toThrow(ConfigError);
    expect(other).toThrow(`${folder}: holds an audit with another folds, and nothing is overwritten`);
    const foreign = join(base, 'photos');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'one.jpg'), '');
    expect(() => AuditStore.open(foreign, settings)).toThrow('holds files that no audit wrote');
    expect(existsSync(join(foreign, 'state'))).toBe(false);
  });

  it('takes the next name where the usual one is that of another audit', () => {
    const usual = join(base, 'audit');
    AuditStore.openNext(usual, settings)[Symbol.dispose]();
    using again = AuditStore.openNext(usual, settings);
    expect(again.folder).toBe(usual);
    using other = AuditStore.openNext(usual, { ...settings, data: 'b' });
    expect(other.folder).toBe(`${usual}-2`);
  });

  it('lets one process in', () => {
    const folder = join(base, 'audit');
    using _first = AuditStore.open(folder, settings);
    expect(() => AuditStore.open(folder, settings)).toThrow(
      `process ${process.pid} is auditing into this folder`,
    );
  });

  it('names the line of a record that was changed', () => {
    using store = AuditStore.open(join(base, 'audit'), settings);
    store.add(record('a', [1]));
    const file = join(store.state, 'images.jsonl');
    appendFileSync(file, '{"image": 7}\n');
    expect(() => [...store.records()]).toThrow(`${file}, line 2: is not what an audit wrote`);
    writeFileSync(file, 'no json\n');
    expect(() => [...store.records()]).toThrow(DataError);
    expect(() => [...store.records()]).toThrow('line 1: is not JSON');
  });
});

describe('rankRegions', () => {
  const classes = [
    { name: 'road', color: [1, 2, 3] },
    { name: 'car', color: [4, 5, 6] },
    { name: 'tree', color: [7, 8, 9] },
  ] as const;

  it('orders the regions of all images, adds them up, and says what the first ones hold', () => {
    using store = AuditStore.open(join(base, 'audit'), settings);
    store.add(record('a', [5, 2]));
    store.add(record('b', []));
    store.add(
      record(
        'c',
        Array.from({ length: 12 }, (_, place) => (place === 3 ? 9 : 2)),
      ),
    );
    const file = join(base, 'regions.jsonl');
    const ranked = rankRegions(store, { file, classes, shown: 3 });
    const written = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as SuspectRegion);
    expect(written.map(({ id }) => id).slice(0, 4)).toEqual(['c-3', 'a-0', 'a-1', 'c-0']);
    expect(written.map(({ expectedWrong }) => expectedWrong)).toEqual([9, 5, ...Array(12).fill(2)]);
    expect(ranked.first).toEqual(written.slice(0, 3));
    // 18 + 10 + 12 × 4 pixels; the first ten hold 18 + 10 + 8 × 4.
    expect(ranked).toMatchObject({
      ...{
        labeledPixels: 300,
        unjudgedPixels: 15,
        regions: 14,
        suspectedPixels: 76,
        expectedWrongPixels: 38,
      },
      coverage: [
        { regions: 10, pixels: 60, share: 60 / 76 },
        { regions: 14, pixels: 76, share: 1 },
      ],
    });
    // Even places suggest car: 5 of a, and six times 2 of c; odd ones tree: 2 of a, 9 and five times 2 of c.
    expect(ranked.swaps).toEqual([
      [0, 17, 21],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(ranked.images.map(({ image, score }) => [image, score])).toEqual([
      ['c', 0.31],
      ['a', 0.07],
      ['b', 0],
    ]);
    expect(existsSync(join(store.state, 'unordered.jsonl'))).toBe(false);
  });

  it('has nothing to say where nothing is suspected', () => {
    using store = AuditStore.open(join(base, 'audit'), settings);
    store.add(record('a', []));
    const file = join(base, 'regions.jsonl');
    const ranked = rankRegions(store, { file, classes, shown: 3 });
    expect(readFileSync(file, 'utf8')).toBe('');
    expect(ranked.coverage).toEqual([{ regions: 0, pixels: 0, share: 0 }]);
  });
});
