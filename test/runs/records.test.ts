/** Checks that lines of metrics.jsonl are read as typed records, and that damage is reported by step and key. */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from 'coarsely/errors';
import { metricRecords, readRun } from 'coarsely/runs';
import { expect, test } from 'vitest';
import { lastMetricStep } from '#runs/metrics.js';
import { RunWriter } from '#runs/run-writer.js';
import { scratchRun, trainRecord } from './run-folders.js';

function runWith(lines: readonly string[]): string {
  const folder = scratchRun();
  using run = RunWriter.create(folder, { configYaml: 'name: tiny\n' });
  run.append(trainRecord(1, 0.5));
  appendFileSync(join(folder, 'metrics.jsonl'), lines.map((line) => `${line}\n`).join(''));
  return folder;
}

test('records of one kind come in their order, with null for what was not finite', () => {
  const folder = runWith([]);
  {
    using run = RunWriter.resume(folder, 0);
    run.append(trainRecord(1, Number.NaN));
    run.append({ step: 1, split: 'weights', values: { confidence: [-1, 1], weight: [0.5, Number.NaN] } });
    run.append(trainRecord(2, 0.25));
  }
  const run = readRun(folder);
  expect(metricRecords(run, 'train').map(({ step, values }) => [step, values.mainLoss])).toEqual([
    [1, null],
    [2, 0.25],
  ]);
  expect(metricRecords(run, 'weights')).toEqual([
    { step: 1, split: 'weights', values: { confidence: [-1, 1], weight: [0.5, null] } },
  ]);
  expect(metricRecords(run, 'val')).toEqual([]);
});

test.each([
  ['train', '{"step":7,"split":"train","values":{"loss":"high"}}', 'loss: expected a number, found "high"'],
  [
    'val',
    '{"step":7,"split":"val","values":{"aAcc":1,"mAcc":1,"mIoU":1,"perClass":[{"iou":0.5}]}}',
    'perClass.0.name: expected text, found undefined',
  ],
  [
    'weights',
    '{"step":7,"split":"weights","values":{"confidence":[0,1],"weight":[1]}}',
    'weight: expected as many numbers as in confidence, found [1]',
  ],
] as const)(
  'a damaged %s line is reported by its step and key when such lines are read',
  (split, line, text) => {
    const folder = runWith([line]);
    const run = readRun(folder);
    expect(() => metricRecords(run, split)).toThrow(CheckpointError);
    expect(() => metricRecords(run, split)).toThrow(
      `${folder}/metrics.jsonl: the ${split} line of step 7 is damaged at ${text}`,
    );
    expect(metricRecords(run, split === 'train' ? 'val' : 'train')).toHaveLength(split === 'train' ? 0 : 1);
  },
);

test('keys of a later version are left out, and those of an earlier one renamed', () => {
  const cell = '{"pixels":1,"meanLoss":1,"weightShare":0.5,"later":1}';
  const division = `{"threshold":0,"correct":{"low":${cell},"high":${cell}},"mislabelled":{"low":${cell},"high":${cell}}}`;
  const bins = '{"pixels":[1],"compared":[1],"mislabelled":[1],"meanLoss":[null],"weightShare":[1]}';
  const folder = runWith([
    `{"step":4,"split":"statistics","values":{"images":1,"pixels":4,"compared":4,"mislabelled":2,"meanLoss":1,"bins":${bins},"byLoss":null,"byConfidence":${division}}}`,
  ]);
  const [record] = metricRecords(readRun(folder), 'statistics');
  expect(record?.values).toMatchObject({ mislabeled: 2, bins: { mislabeled: [1] } });
  expect(record?.values.byConfidence?.mislabeled.low).toEqual({ pixels: 1, meanLoss: 1, weightShare: 0.5 });
});

test('the last step is that of the last complete line', () => {
  const folder = runWith([]);
  expect(lastMetricStep(folder)).toBe(1);
  appendFileSync(join(folder, 'metrics.jsonl'), '{"step":2,"split":"tr');
  expect(lastMetricStep(folder)).toBe(1);
  const weights = Array.from({ length: 40_000 }, () => 0.5).join();
  appendFileSync(
    join(folder, 'metrics.jsonl'),
    `ain","values":{}}\n{"step":3,"split":"weights","values":{"weight":[${weights}]}}\n{"step":4,"split":"train","values":{}}\n`,
  );
  expect(lastMetricStep(folder)).toBe(4);
  expect(lastMetricStep(scratchRun())).toBeNull();
});
