/** Trains whole networks with points and clean labels: what only these show is learned, and runs repeat and resume. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, configSchema } from 'coarsely/config';
import { CheckpointError } from 'coarsely/errors';
import { runTraining } from 'coarsely/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type BandedDataset,
  bandedSize,
  blueOf,
  createBandedDataset,
  linesOf,
  stateOf,
} from './banded-dataset.js';

let bands: BandedDataset;
beforeAll(async () => {
  bands = await createBandedDataset();
});
afterAll(() => bands.remove());

interface Given {
  readonly data?: object;
  readonly training?: Partial<Config['training']>;
  readonly more?: object;
}

function configOf({ data = {}, training = {}, more = {} }: Given): Config {
  return configSchema.parse({
    threads: 1,
    precision: 'float32',
    data: {
      root: bands.root,
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      augmentation: { cropSize: [48, 64], ratioRange: [0.8, 1.5] },
      workers: 0,
      ...data,
    },
    model: { backbone: { kind: 'resnet18' }, head: { kind: 'deeplabv3plus', channels: 16 } },
    optimizer: { kind: 'adamw', learningRate: 0.001 },
    training: { iterations: 8, batchSize: 4, evaluateEvery: 8, checkpointEvery: 4, logEvery: 1, ...training },
    ...more,
  });
}

async function run(name: string, given: Given, stopAfter = Number.POSITIVE_INFINITY) {
  const config = configOf(given);
  const runFolder = bands.runFolder(name);
  let steps = 0;
  const shouldStop = () => ++steps >= stopAfter;
  const outcome = await runTraining(config, { runFolder, environment: null, shouldStop });
  return { config, runFolder, outcome };
}

const points = { points: { share: 0.3, radius: 4 } };
const clean = { clean: { labels: 'fine', count: 2, share: 0.5 } };

test('a class that only points show is learned', async () => {
  const training = { iterations: 60, evaluateEvery: 60, checkpointEvery: 60 };
  const without = await run('without', { training });
  const byPoints = await run('by-points', { training, data: points });
  expect(blueOf(without.runFolder)).toBe(0);
  expect(blueOf(byPoints.runFolder)).toBeGreaterThan(0.25);
  expect(linesOf(without.runFolder)[0]?.values.trustedLoss).toBeUndefined();
  expect(linesOf(byPoints.runFolder)[0]?.values.trustedLoss).toBeGreaterThan(0);
});

test.each([
  ['points', { data: points }],
  [
    'both in parts, with ARM',
    {
      data: { ...points, ...clean },
      training: { gradientAccumulationSteps: 2, batchSize: 8 },
      more: { reweighter: { kind: 'arm' } },
    },
  ],
  [
    'clean labels beside a reweighter that remembers',
    { data: clean, more: { reweighter: { kind: 'active-bias' } } },
  ],
])('%s: a stopped run goes on bit for bit, and repeats', async (name, given) => {
  const label = name.replaceAll(/\W+/g, '-');
  const whole = await run(`whole-${label}`, given);
  const stopped = await run(`stopped-${label}`, given, 4);
  expect(stopped.outcome).toBe('interrupted');
  const again = { runFolder: stopped.runFolder, environment: null, resume: true };
  expect(await runTraining(stopped.config, again)).toBe('finished');
  expect(linesOf(stopped.runFolder)).toEqual(linesOf(whole.runFolder));
  expect(stateOf(stopped.runFolder)).toEqual(stateOf(whole.runFolder));
});

test('a run does not go on with points of other images unnoticed', async () => {
  const { config, runFolder } = await run('other-points', { data: points }, 4);
  const file = { ...bandedSize, points: [{ x: 1, y: 1, class: 'red' }] };
  await writeFile(join(bands.root, 'points/train/3.json'), JSON.stringify(file));
  const again = runTraining(config, { runFolder, environment: null, resume: true });
  await expect(again).rejects.toThrow(CheckpointError);
  await expect(again).rejects.toThrow(/data\.points: .*3/);
});
