import { join } from 'node:path';
import { readPointFile } from 'coarsely/data';
import { applyJournals, type NewJournalLine } from 'coarsely/review';
import { describe, expect, it } from 'vitest';
import {
  accept,
  apply,
  assign,
  classes,
  drawn,
  journalOf,
  keep,
  point,
  regionOf,
  reviewedDataset,
  reviewFolder,
  rowsOf,
  treeCorner,
  unlabel,
} from './decisions.js';

const undo = (line: string, more: object = {}) =>
  ({ by: 'anna', action: 'undo', line, ...more }) as NewJournalLine;

describe('decisions of one person', () => {
  it('hold unless a later one is about the same pixels, in whatever journal it stands', async () => {
    const { rows, summary } = await apply([
      [assign(), point(5, 3, { class: 'road' })],
      [accept(), point(5, 3)],
    ]);
    expect(rows).toEqual(treeCorner);
    expect(summary).toMatchObject({ replaced: 2, actions: { accept: 1, point: 1 }, disagreementCount: 0 });
    expect((await apply([[accept(), keep()]])).rows).toEqual(drawn);
  });

  it('lie over each other where regions overlap', async () => {
    const wide = regionOf(['###...', '......', '......', '......'], { id: 'wide' });
    const { rows } = await apply([[accept(), assign({ region: wide })]]);
    expect(rows[0]).toBe('rrrcrr');
    expect(rows[1]).toBe('ttccrr');
    expect((await apply([[assign({ region: wide }), accept()]])).rows[0]).toBe('ttrcrr');
    expect((await apply([[accept(), keep({ region: wide })]])).rows.slice(0, 2)).toEqual([
      'ccccrr',
      'ttccrr',
    ]);
  });

  it('are taken back by an undo, which can be taken back too', async () => {
    const once = [accept(), undo('0.jsonl 0')];
    const undone = await apply([once]);
    expect(undone.rows).toEqual(drawn);
    expect(undone.summary).toMatchObject({ undone: 1, people: {} });
    expect((await apply([[...once, undo('0.jsonl 1')]])).rows).toEqual(treeCorner);
    expect((await apply([[...once, undo('0.jsonl 1'), undo('0.jsonl 2')]])).rows).toEqual(drawn);
    // What the undone line had replaced holds again.
    expect((await apply([[assign(), accept(), undo('0.jsonl 1')]])).rows[0]).toBe('rrccrr');
  });

  it('are not taken back by a line that names none before it', async () => {
    const { rows, summary } = await apply([[undo('0.jsonl 1'), accept(), undo('nothing')]]);
    expect(rows).toEqual(treeCorner);
    expect(summary.findings).toMatchObject([{ code: 'undo-of-nothing', count: 2 }]);
  });

  it('count once where a journal is given twice', async () => {
    const path = journalOf([accept()]);
    const output = join(reviewFolder(), 'out');
    const summary = await applyJournals([path, path], { data: reviewedDataset(), output });
    expect(summary).toMatchObject({ repeated: 1, people: { anna: 1 }, findings: [] });
    const other = journalOf([keep({ id: 'review.jsonl 0' })], { from: 5 });
    const third = join(reviewFolder(), 'out');
    const mixed = await applyJournals([path, other], { data: reviewedDataset(), output: third });
    expect(mixed.findings).toMatchObject([{ code: 'repeated-id', count: 1 }]);
    expect(await rowsOf(join(third, 'coarse/train/a.png'))).toEqual(treeCorner);
  });
});

describe('decisions of two people', () => {
  const ben = { by: 'ben' };

  it('that agree are one', async () => {
    const { rows, summary } = await apply([[accept()], [assign({ ...ben, class: 'tree' })]]);
    expect(rows).toEqual(treeCorner);
    expect(summary).toMatchObject({
      people: { anna: 1, ben: 1 },
      disagreementCount: 0,
      changed: { pixels: 4 },
    });
  });

  it('that differ leave the pixels as they were, and are named', async () => {
    const wide = regionOf(['###...', '......', '......', '......'], { id: 'wide' });
    const { rows, summary } = await apply([[accept()], [assign({ ...ben, region: wide })]]);
    // Two pixels are disputed; each person's other pixels are decided.
    expect(rows.slice(0, 2)).toEqual(['ccrcrr', 'ttccrr']);
    expect(summary).toMatchObject({ disagreementCount: 1, disputedPixels: 2 });
    expect(summary.disagreements).toMatchObject([
      {
        ...{ split: 'train', image: 'a', labels: 'coarse', pixels: 2, settled: false },
        decisions: [
          { by: 'anna', what: 'car is tree', place: expect.stringMatching(/0\.jsonl: line 1$/) },
          { by: 'ben', what: 'car is road', place: expect.stringMatching(/1\.jsonl: line 1$/) },
        ],
      },
    ]);
    expect((await apply([[accept()], [keep(ben)]])).rows).toEqual(drawn);
  });

  it('are settled by a preferred person, or by who came last', async () => {
    const lines = [[accept()], [unlabel(ben)]] as const;
    expect((await apply(lines, { prefer: 'anna' })).rows).toEqual(treeCorner);
    const second = await apply(lines, { prefer: 'ben' });
    expect(second.rows.slice(0, 2)).toEqual(['..ccrr', '..ccrr']);
    expect(second.summary).toMatchObject({
      disputedPixels: 0,
      disagreements: [{ settled: true, pixels: 4 }],
    });
    expect((await apply(lines, { prefer: 'last' })).rows[0]).toBe('..ccrr');
    expect((await apply([[unlabel(ben)], [accept()]], { prefer: 'last' })).rows).toEqual(treeCorner);
    await expect(apply(lines, { prefer: 'bben' })).rejects.toThrow(
      /nobody named 'bben' decided anything; did you mean ben/,
    );
  });

  it('stay disputed between two when a third has no say, and hold where the third is preferred', async () => {
    const carl = { by: 'carl' };
    const lines = [[accept()], [unlabel(ben)], [assign(carl)]] as const;
    expect((await apply(lines)).rows).toEqual(drawn);
    expect((await apply(lines, { prefer: 'carl' })).rows[0]).toBe('rrccrr');
    const points = [
      [point(5, 3)],
      [point(5, 3, { ...ben, class: 'road' })],
      [point(5, 3, { ...carl, class: 'car' })],
    ];
    const open = await apply(points);
    expect(open.summary).toMatchObject({ points: { changed: 0 }, disputedPixels: 1 });
    const settled = await apply(points, { prefer: 'carl' });
    const { points: kept } = await readPointFile(join(settled.output, 'points/train/a.json'), classes);
    expect(kept).toMatchObject([{ x: 5, y: 3, class: 1 }]);
    expect(settled.summary.disputedPixels).toBe(0);
  });

  it('are not taken back by the other one, unless that one is preferred', async () => {
    const lines = [[accept()], [undo('0.jsonl 0', ben)]] as const;
    const refused = await apply(lines);
    expect(refused.rows).toEqual(treeCorner);
    expect(refused.summary.findings).toMatchObject([
      { code: 'undo-of-another', examples: [expect.stringContaining('ben takes back 0.jsonl 0 of anna')] },
    ]);
    expect((await apply(lines, { prefer: 'ben' })).rows).toEqual(drawn);
    expect((await apply(lines, { prefer: 'last' })).rows).toEqual(drawn);
  });
});
