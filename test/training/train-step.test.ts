/** Checks the training step: phases, network and reweighter, repeatability, and that it learns. */
import type { Config } from 'coarsely/config';
import { BatchLoader, datasets, openDataset } from 'coarsely/data';
import { scope, setThreads } from 'coarsely/torch';
import { Trainer, type TrainingBatch } from 'coarsely/training';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPlayground, type Playground, smallConfig } from './training-fixtures.js';

let playground: Playground;
let batches: TrainingBatch[];

beforeAll(async () => {
  setThreads(1);
  playground = await createPlayground();
  expect(datasets.kinds()).toContain('folder');
  const config = smallConfig(playground.root);
  const dataset = await openDataset({
    kind: 'folder',
    root: playground.root,
    split: 'train',
    labels: 'coarse',
  });
  const loader = new BatchLoader({
    dataset,
    augmentation: config.data.augmentation,
    batchSize: 2,
    seed: 0,
    workers: 0,
  });
  batches = [];
  for (let step = 0; step < 4; step++) {
    const { images, labels, height, width } = await loader.next(step);
    batches.push({ images: images.slice(), labels: labels.slice(), height, width });
  }
  await loader.close();
});
afterAll(() => playground.remove());

interface Taken {
  readonly objectives: number[];
  readonly mains: number[];
  readonly weighted: (number | null)[];
  /** Bytes of the first convolution after the last step. */
  readonly weights: Uint8Array;
  readonly curve: number[] | null;
}

function take(config: Config, steps: number, order: (step: number) => number = (step) => step % 4): Taken {
  using _losses = scope();
  const trainer = new Trainer(config, { classCount: 8, datasetLength: 4 });
  const objectives: number[] = [];
  const mains: number[] = [];
  const weighted: (number | null)[] = [];
  for (let step = 0; step < steps; step++) {
    const losses = trainer.step(batches[order(step)] as TrainingBatch);
    objectives.push(losses.objective.item());
    mains.push(losses.main.item());
    weighted.push(losses.weighted?.item() ?? null);
  }
  const [first] = trainer.components.model.parameters();
  const weights = first?.toBytes() ?? new Uint8Array();
  const curve = trainer.components.reweighter?.curve([-1, 0, 1]) ?? null;
  trainer.dispose();
  return { objectives, mains, weighted, weights, curve };
}

const arm = { kind: 'arm', learningRateScale: 50 };

describe('phases', () => {
  test('isolated: the network takes the steps of plain cross-entropy while ARM learns', () => {
    const training = { iterations: 4, isolatedFraction: 1 };
    const plain = take(smallConfig(playground.root, { training }), 3);
    const isolated = take(smallConfig(playground.root, { reweighter: arm, training }), 3);
    expect(isolated.mains).toEqual(plain.mains);
    expect(isolated.weights).toEqual(plain.weights);
    const untouched = take(smallConfig(playground.root, { reweighter: arm, training }), 0);
    expect(isolated.curve).not.toEqual(untouched.curve);
  });

  test('joint: constant weights are the mean over valid pixels, suppressing ones raise it', () => {
    const training = { iterations: 100, isolatedFraction: 0 };
    const constant = { kind: 'linear-arm', slope: 0, intercept: 1 };
    const uniform = take(smallConfig(playground.root, { reweighter: constant, training }), 1);
    expect(uniform.weighted[0]).toBeCloseTo(uniform.mains[0] ?? 0, 5);
    // A few steps first: an untrained network is equally unsure of every pixel.
    const suppressing = { kind: 'linear-arm', slope: -0.5, intercept: 0.5 };
    const optimizer = { learningRate: 0.05 };
    const config = smallConfig(playground.root, { reweighter: suppressing, training, optimizer });
    const { weighted, mains } = take(config, 25, () => 0);
    expect(weighted.at(-1)).toBeGreaterThan((mains.at(-1) ?? 0) + 1e-3);
  });
});

test('ARM climbs: with the network held still, its weighted loss rises', () => {
  const config = smallConfig(playground.root, {
    reweighter: arm,
    training: { iterations: 100, isolatedFraction: 0 },
    optimizer: { weightDecay: 0 },
  });
  using _losses = scope();
  const trainer = new Trainer(config, { classCount: 8, datasetLength: 4 });
  for (let step = 0; step < 15; step++) trainer.step(batches[0] as TrainingBatch);
  for (const parameter of trainer.components.model.parameters()) parameter.zeroGrad_().requiresGrad_(false);
  // Running statistics change, batch statistics do not: the same batch has the same losses at every step.
  const values = Array.from(
    { length: 30 },
    () => trainer.step(batches[0] as TrainingBatch).weighted?.item() ?? 0,
  );
  expect(values.at(-1)).toBeGreaterThan((values[0] ?? 0) + 1e-3);
  trainer.dispose();
});

test('the same seed gives the same losses, bit for bit; another seed does not', () => {
  const config = smallConfig(playground.root, { reweighter: arm });
  const first = take(config, 3);
  expect(take(config, 3)).toEqual(first);
  expect(take({ ...config, seed: 1 }, 3).objectives).not.toEqual(first.objectives);
});

test.each(['float32', 'bfloat16'] as const)('overfits one batch in %s', (precision) => {
  const config = smallConfig(playground.root, {
    precision,
    reweighter: arm,
    training: { iterations: 80, isolatedFraction: 0.05 },
    optimizer: { learningRate: 0.05 },
  });
  const { mains } = take(config, 80, () => 0);
  expect(mains[0]).toBeGreaterThan(1.5);
  expect(mains.at(-1)).toBeLessThan(0.25);
});

test('clipping bounds the step', () => {
  const moved = (clipNorm: number | null) => {
    const config = smallConfig(playground.root, {
      optimizer: { learningRate: 0.5, weightDecay: 0, clipNorm },
    });
    const floats = (steps: number) => new Float32Array(take(config, steps).weights.slice().buffer);
    const start = floats(0);
    return floats(2).reduce((most, value, index) => Math.max(most, Math.abs(value - (start[index] ?? 0))), 0);
  };
  expect(moved(1e-6)).toBeLessThan(1e-5);
  expect(moved(null)).toBeGreaterThan(1e-3);
});

test('a trainer that is restored to an earlier state takes the same steps again', () => {
  const config = smallConfig(playground.root, { reweighter: arm });
  using outer = scope();
  const trainer = new Trainer(config, { classCount: 8, datasetLength: 4 });
  trainer.step(batches[0] as TrainingBatch);
  const saved = new Map([...trainer.state()].map(([name, tensor]) => [name, outer.keep(tensor.clone())]));
  const on = trainer.step(batches[1] as TrainingBatch).objective.item();
  trainer.loadState(saved, 1);
  expect(trainer.step(batches[1] as TrainingBatch).objective.item()).toBe(on);
  trainer.dispose();
  for (const tensor of saved.values()) tensor.dispose();
});
