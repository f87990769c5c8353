// The page of an experiment: its tables as they were given, and one curve a row, the mean over its seeds.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeExperimentReport } from '#report/write-experiment-report.js';
import { RunWriter } from '#runs/run-writer.js';

let folder = '';
let page = '';

/** A run with these losses at the steps 1, 2, …. */
function writeRun(name: string, losses: readonly number[]): string {
  const run = join(folder, name);
  using writer = RunWriter.create(run, { configYaml: `name: ${name}\n` });
  for (const [index, mainLoss] of losses.entries()) {
    writer.append({
      step: index + 1,
      split: 'train',
      values: { loss: mainLoss, mainLoss, learningRate: 0.02 },
    });
  }
  writer.append({
    step: losses.length,
    split: 'weights',
    values: { confidence: [-1, 1], weight: [1, losses[0] ?? 0] },
  });
  return run;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coarsely-experiment-page-'));
  const file = join(folder, 'report.html');
  await writeExperimentReport(file, {
    title: 'Table 1',
    tables: [
      {
        name: 'table1',
        title: 'Table 1: Some <b>details</b>',
        heading: ['Model', 'mIoU', 'Δ mIoU', 'paper mIoU'],
        labelColumns: 1,
        rows: [
          ['Base', '60.00', '', '70.33'],
          ['ARM', '61.00', '+1.00 ± 0.30', '71.94'],
        ],
        claims: {
          heading: ['Claim', '95 % interval', 'verdict'],
          rows: [
            ['ARM gains', '+0.20 to +1.80', 'holds'],
            ['ARM loses', '+0.20 to +1.80', 'does not hold'],
            ['ARM is alike', '+0.20 to +1.80', 'open'],
          ],
        },
        remarks: ['a remark'],
      },
    ],
    groups: [
      {
        title: 'Against base',
        rows: [
          { label: 'base', folders: [writeRun('base-seed0', [4, 2]), writeRun('base-seed1', [2, 1, 0.5])] },
          { label: 'arm', folders: [writeRun('arm-seed0', [3])] },
        ],
      },
    ],
    notes: ['on two cores'],
  });
  page = await readFile(file, 'utf8');
});
afterAll(() => rm(folder, { recursive: true }));

test('shows the tables, the paper’s figures apart, and signs in color', () => {
  expect(page).toContain('Table 1: Some &lt;b&gt;details&lt;/b&gt;');
  expect(page).toContain('<td class="better">+1.00 ± 0.30</td>');
  expect(page).toContain('<td class="paper">71.94</td>');
  for (const text of ['a remark', 'on two cores', 'coarsely report']) expect(page).toContain(text);
});

test('shows the claims under their table, and verdicts in color', () => {
  expect(page).toContain('<h3 id="table1-claims">Claims</h3>');
  expect(page).toContain('<th scope="row">ARM gains</th>');
  expect(page).toContain('<td class="better">holds</td>');
  expect(page).toContain('<td class="worse">does not hold</td>');
  expect(page).toContain('<td class="">open</td>');
});

test('draws one line a row: the mean over seeds at the steps that all of them have', () => {
  const charts = [...page.matchAll(/<script type="application\/json">(.*?)<\/script>/g)].map(
    ([, json]) =>
      JSON.parse(json ?? '') as { id: string; x: number[]; series: { label: string; values: unknown[] }[] },
  );
  expect(charts.map(({ id }) => id)).toEqual(['loss-0', 'weights-0']);
  expect(charts[0]?.x).toEqual([1, 2]);
  expect(charts[0]?.series.map(({ label, values }) => [label, values])).toEqual([
    ['base', [3, 1.5]],
    ['arm', [3, null]],
  ]);
  expect(charts[1]?.series.map(({ values }) => values)).toEqual([
    [1, 3],
    [1, 3],
  ]);
});
