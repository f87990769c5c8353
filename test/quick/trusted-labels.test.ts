/** Trains heads with points and clean labels: what only these show is learned, and runs repeat and resume. */

import { join } from 'node:path';
import { type Config, configSchema } from 'coarsely/config';
import { ConfigError } from 'coarsely/errors';
import { ResNet } from 'coarsely/models';
import { featureRows, trainHead, trainRun } from 'coarsely/quick';
import { Generator, tidy, writeSafetensors } from 'coarsely/torch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MixedRows } from '#quick/trusted-rows.js';
import {
  type BandedDataset,
  blueOf,
  createBandedDataset,
  linesOf,
  stateOf,
} from '../training/banded-dataset.js';

let bands: BandedDataset;
beforeAll(async () => {
  bands = await createBandedDataset();
  using generator = new Generator(99);
  const backbone = new ResNet(18, { zeroInitResidual: false, generator });
  writeSafetensors(join(bands.root, 'backbone.safetensors'), backbone.stateDict());
  backbone.dispose();
});
afterAll(() => bands.remove());

interface Given {
  readonly data?: object;
  readonly iterations?: number;
  readonly more?: object;
}

function configOf({ data = {}, iterations = 8, more = {} }: Given): Config {
  return configSchema.parse({
    threads: 1,
    precision: 'float32',
    data: {
      root: bands.root,
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      ...data,
    },
    model: {
      backbone: { kind: 'resnet18', frozen: true, weights: join(bands.root, 'backbone.safetensors') },
      head: { kind: 'hypercolumn', hidden: [16] },
      auxiliary: null,
    },
    quick: { pixels: 128, diskMiB: 0 },
    optimizer: { kind: 'adamw', learningRate: 0.01 },
    schedule: { kind: 'cosine' },
    training: { iterations, evaluateEvery: iterations, checkpointEvery: 4, logEvery: 1 },
    ...more,
  });
}

async function run(name: string, given: Given, stopAfter = Number.POSITIVE_INFINITY) {
  const config = configOf(given);
  const runFolder = bands.runFolder(name);
  let steps = 0;
  const shouldStop = () => ++steps >= stopAfter;
  const outcome = await trainRun(config, { runFolder, environment: null, shouldStop });
  return { config, runFolder, outcome };
}

const points = { points: {} };
const clean = { clean: { labels: 'fine', count: 2, share: 0.5 } };

test('a class that only points or clean labels show is learned', async () => {
  const [without, byPoints, byClean] = [
    await run('without', { iterations: 60 }),
    await run('by-points', { iterations: 60, data: points }),
    await run('by-clean', { iterations: 60, data: clean }),
  ];
  expect(blueOf(without.runFolder)).toBe(0);
  expect(blueOf(byPoints.runFolder)).toBeGreaterThan(0.5);
  expect(blueOf(byClean.runFolder)).toBeGreaterThan(0.5);
});

test.each([
  ['points', { data: points }],
  ['both, with ARM', { data: { ...points, ...clean }, more: { reweighter: { kind: 'arm' } } }],
  [
    'clean labels, with a reweighter that remembers',
    { data: clean, more: { reweighter: { kind: 'active-bias' } } },
  ],
  [
    'clean labels, with one that learns from them',
    { data: clean, more: { reweighter: { kind: 'meta-weight-net' } } },
  ],
])('%s: a stopped run goes on bit for bit', async (name, given) => {
  const label = name.replaceAll(/\W+/g, '-');
  const whole = await run(`whole-${label}`, given);
  const stopped = await run(`stopped-${label}`, given, 4);
  expect(stopped.outcome).toBe('interrupted');
  const again = { runFolder: stopped.runFolder, environment: null, resume: true };
  expect(await trainRun(stopped.config, again)).toBe('finished');
  expect(linesOf(stopped.runFolder)).toEqual(linesOf(whole.runFolder));
  expect(stateOf(stopped.runFolder)).toEqual(stateOf(whole.runFolder));
});

describe('rows of several tables', () => {
  const table = (label: number, count: number) =>
    featureRows({
      features: new Float32Array(2 * count).fill(label),
      channels: 2,
      labels: new Uint8Array(count).fill(label),
    });

  test.each([false, true])(
    'are drawn by their shares, with their labels apart (images of one pixel: %s)',
    (apart) => {
      using own = table(1, 5);
      using point = table(2, 3);
      using exact = table(3, 4);
      const rows = new MixedRows(own, {
        seed: 0,
        count: 20,
        trusted: [
          { key: 'data.points.share', table: point, share: 0.3 },
          { key: 'data.clean.share', table: exact, share: 0.1 },
        ],
      });
      const batch = rows.batch(0, { device: 'cpu', apart, dtype: 'float32' });
      const { imagesNCHW, labelsNHW, trusted = [], origins } = batch;
      const maps = [labelsNHW, ...trusted.map((labels) => labels.labelsNHW)];
      const values = maps.map((map) => Array.from(map.toTypedArray(), Number));
      const repeated = (counts: [number, number][]) =>
        counts.flatMap(([value, count]) => Array(count).fill(value));
      expect(values).toEqual([
        repeated([
          [1, 12],
          [255, 8],
        ]),
        repeated([
          [255, 12],
          [2, 6],
          [255, 2],
        ]),
        repeated([
          [255, 18],
          [3, 2],
        ]),
      ]);
      expect(imagesNCHW.shape).toEqual(apart ? [20, 2, 1, 1] : [1, 2, 1, 20]);
      expect(labelsNHW.shape).toEqual(apart ? [20, 1, 1] : [1, 1, 20]);
      const channelsLast = tidy(() => imagesNCHW.permute([0, 2, 3, 1]).contiguous().clone());
      const numbers = Array.from(channelsLast.toTypedArray(), Number);
      channelsLast.dispose();
      const features = numbers.filter((_, place) => place % 2 === 0);
      expect(features).toEqual(
        repeated([
          [1, 12],
          [2, 6],
          [3, 2],
        ]),
      );
      expect(trusted.map(({ share }) => share)).toEqual([0.3, 0.1]);
      expect(origins?.length).toBe(apart ? 20 : undefined);
      for (const tensor of [imagesNCHW, ...maps]) tensor.dispose();
    },
  );

  test('of two processes are the halves of what each of them draws', () => {
    using own = table(1, 5);
    using point = table(2, 3);
    const trusted = [{ key: 'data.points.share', table: point, share: 0.3 }];
    const counts = [0, 1].map((rank) => {
      const share = { rank, worldSize: 2 };
      const batch = new MixedRows(own, { seed: 0, count: 20, share, trusted }).batch(0, {
        device: 'cpu',
        apart: false,
        dtype: 'float32',
      });
      const labels = Array.from(batch.labelsNHW.toTypedArray(), Number);
      for (const tensor of [
        batch.imagesNCHW,
        batch.labelsNHW,
        ...(batch.trusted ?? []).map((map) => map.labelsNHW),
      ]) {
        tensor.dispose();
      }
      return [labels.length, labels.filter((label) => label === 1).length];
    });
    expect(counts).toEqual([
      [10, 7],
      [10, 7],
    ]);
  });

  test('leave some to the labels that train', () => {
    using own = table(1, 5);
    const share = 0.45;
    const trusted = ['data.points.share', 'data.clean.share'].map((key) => ({ key, table: own, share }));
    expect(() => new MixedRows(own, { seed: 0, count: 2, trusted })).toThrow(ConfigError);
  });
});

test('a head learns a class that only trusted rows show', () => {
  const rowsOf = (points: readonly (readonly [x: number, y: number, label: number])[]) =>
    featureRows({
      features: Float32Array.from(points.flatMap((point) => point.slice(0, 2))),
      channels: 2,
      labels: Uint8Array.from(points, ([, , label]) => label),
    });
  using table = rowsOf([
    [1, 0, 0],
    [0, 1, 1],
  ]);
  using known = rowsOf([[-1, -1, 2]]);
  const head = trainHead(table, { steps: 60, pixels: 20, trusted: [{ rows: known, share: 0.3 }] });
  const predicted = tidy(() =>
    Array.from(
      head
        .forwardStacked(known.batch(Uint32Array.of(0)))
        .logitsNCHW.argmax(1)
        .toTypedArray(),
      Number,
    ),
  );
  expect(predicted).toEqual([2]);
  head.dispose();
});
