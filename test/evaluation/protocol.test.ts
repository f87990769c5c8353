/** Checks that training, `evaluate` and the report measure the same scores by the protocol of the config. */
import { readFile } from 'node:fs/promises';
import type { Config } from 'coarsely/config';
import { openDataset } from 'coarsely/data';
import { evaluate, loadRun } from 'coarsely/evaluation';
import { writeReport } from 'coarsely/report';
import { readRun } from 'coarsely/runs';
import { runTraining } from 'coarsely/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { datasetSection } from '#config/data-section.js';
import { inferenceOptions } from '#evaluation/inference-options.js';
import { coarsely } from '../cli/run-command.js';
import { createPlayground, type Playground, smallConfig } from '../training/training-fixtures.js';

const inference: Config['inference'] = {
  mode: 'slide',
  cropSize: [48, 64],
  stride: null,
  baseSize: null,
  scales: [0.5, 1],
  flip: true,
  boundary: true,
};

let playground: Playground;
let runFolder = '';

beforeAll(async () => {
  playground = await createPlayground();
  runFolder = playground.runFolder('protocol');
  // Hardly any learning: the first network already says something else at every place, a few steps would level that.
  const small = smallConfig(playground.root, {
    training: { iterations: 1, evaluateEvery: 1 },
    optimizer: { learningRate: 1e-8 },
  });
  await runTraining({ ...small, inference }, { runFolder });
}, 120_000);
afterAll(() => playground.remove());

const measured = () => readRun(runFolder).metrics.find(({ split }) => split === 'val')?.values;

test('evaluate repeats the scores of the training', async () => {
  {
    using run = await loadRun(runFolder);
    const dataset = await openDataset(datasetSection(run.config.data, 'evaluation'));
    const options = inferenceOptions(run.config);
    const again = await evaluate(run.model, dataset, { ...options, boundary: true });
    const { aAcc, mIoU, boundaryF1, trimapMIoU } = again;
    expect(measured()).toMatchObject({ aAcc, mIoU, boundaryF1, trimapMIoU });
    expect(boundaryF1).not.toBeNull();
    const whole = await evaluate(run.model, dataset, { ...options, window: null, scales: [1], flip: false });
    expect(whole).toMatchObject({ boundaryF1: null, trimapMIoU: null });
    expect(whole.aAcc).not.toBe(aAcc);
  }
}, 60_000);

test('the command follows the config, options change it, and --json contains the protocol', async () => {
  const asTrained = await coarsely(['evaluate', runFolder, '--json']);
  const { mIoU, boundaryF1, ...rest } = JSON.parse(asTrained.stdout);
  expect({ mIoU, boundaryF1 }).toEqual({ mIoU: measured()?.mIoU, boundaryF1: measured()?.boundaryF1 });
  expect(rest.inference).toEqual(inference);

  const changed = await coarsely([
    ...['evaluate', runFolder, '--json'],
    ...['--window', '32x40', '--base-size', '90x50', '--scales', '0.5', '--no-flip'],
  ]);
  expect(JSON.parse(changed.stdout).inference).toEqual({
    ...inference,
    cropSize: [40, 32],
    baseSize: [90, 50],
    scales: [0.5],
    flip: false,
  });
  const table = await coarsely(['evaluate', runFolder, '--no-slide', '--scales', '1', '--no-flip']);
  expect(table.stdout).toMatch(/class +IoU +accuracy +boundary F1 +pixels/);
  expect(table.stdout).toMatch(/boundary F1 \d+\.\d {2}trimap mIoU 1 px \d+\.\d {2}2 px /);
}, 120_000);

test('scales that make no sense are a usage error', async () => {
  const { code, stderr } = await coarsely(['evaluate', runFolder, '--scales', '0.5,zero']);
  expect(code).toBe(2);
  expect(stderr).toContain('expected numbers above 0 and up to 8, separated by commas');
}, 60_000);

test('the report shows the scores near boundaries', async () => {
  const outFile = playground.runFolder('report.html');
  await writeReport([runFolder], { outFile, examples: 1 });
  const page = await readFile(outFile, 'utf8');
  expect(page).toContain('>boundary F1</abbr>');
  expect(page).toContain('trimap mIoU, 16 px');
}, 60_000);
