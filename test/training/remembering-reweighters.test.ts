/** Checks that runs of reweighters with a memory or a learner resume exactly, and that clean batches change nothing else. */
import { readFileSync } from 'node:fs';
import { type Config, configSchema } from 'coarsely/config';
import { type CleanLearner, type CleanStep, LinearArm, reweighters } from 'coarsely/reweighting';
import { readRun } from 'coarsely/runs';
import { runTraining, Trainer } from 'coarsely/training';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { learnedLines as metricsOf } from '../support/recorded-lines.js';
import { createPlayground, type Playground, smallConfig } from './training-fixtures.js';

/** Weighs all alike, and looks at the network in every way that a learner may. */
class Onlooker extends LinearArm implements CleanLearner {
  readonly seen: { readonly losses: readonly Uint8Array[]; readonly clean: number }[] = [];

  constructor() {
    super({ slope: 0, intercept: 1 });
  }

  get cleanData(): CleanLearner {
    return this;
  }

  learn(step: CleanStep): void {
    const losses = [0, 1].map(() => step.losses().lossesNHW.toBytes());
    this.seen.push({ losses, clean: step.cleanLoss().item() });
    expect(step.learningRate).toBeGreaterThan(0);
  }
}

let playground: Playground;
let onlooker: Onlooker | undefined;

beforeAll(async () => {
  playground = await createPlayground();
  reweighters.register({
    kind: 'onlooker',
    options: z.strictObject({}),
    learnsFromClean: true,
    create: () => {
      onlooker = new Onlooker();
      return onlooker;
    },
  });
});
afterAll(() => playground.remove());

type SomeReweighter = { readonly kind: string; readonly [option: string]: unknown };

function configOf(reweighter: SomeReweighter, clean: object | null = { labels: 'fine', count: 3 }): Config {
  const config = smallConfig(playground.root, {
    reweighter,
    // Every batch shows every image: from the third step on there is a history of two visits.
    training: { iterations: 4, batchSize: 6, checkpointEvery: 4, evaluateEvery: 4 },
  });
  const augmentation = { ...config.data.augmentation, cropSize: [32, 32] };
  return configSchema.parse({ ...config, data: { ...config.data, augmentation, clean } });
}

const checkpointOf = (folder: string) => readFileSync(readRun(folder).lastCheckpoint?.file ?? '');
/** By step, how far the weighted loss is from the mean loss. */
const distances = (folder: string) =>
  readRun(folder).metrics.flatMap(({ split, values }) =>
    split === 'train' ? [Math.abs(Number(values.weightedLoss) - Number(values.mainLoss))] : [],
  );

describe.each([
  { reweighter: { kind: 'active-bias', grid: [4, 4], minVisits: 2 }, uniformSteps: 2 },
  { reweighter: { kind: 'meta-weight-net', learningRate: 0.05 }, uniformSteps: 0 },
])('$reweighter.kind', ({ reweighter, uniformSteps }) => {
  test('weights pixels once it has a history, and resumes bit for bit', async () => {
    const config = configOf(reweighter);
    const unbroken = playground.runFolder(`${reweighter.kind}-unbroken`);
    expect(await runTraining(config, { runFolder: unbroken })).toBe('finished');
    const broken = playground.runFolder(`${reweighter.kind}-broken`);
    let steps = 0;
    expect(await runTraining(config, { runFolder: broken, shouldStop: () => ++steps === 2 })).toBe(
      'interrupted',
    );
    expect(await runTraining(config, { runFolder: broken, resume: true })).toBe('finished');
    expect(metricsOf(broken)).toBe(metricsOf(unbroken));
    expect(checkpointOf(broken).equals(checkpointOf(unbroken))).toBe(true);
    const byStep = distances(unbroken);
    expect(byStep).toHaveLength(4);
    for (const [step, distance] of byStep.entries()) {
      if (step < uniformSteps) expect(distance).toBeLessThan(1e-5);
      else expect(distance).toBeGreaterThan(1e-4);
    }
  });
});

test('a learner changes neither the network nor its statistics and dropout', async () => {
  const watched = playground.runFolder('watched');
  await runTraining(configOf({ kind: 'onlooker' }), { runFolder: watched });
  const seen = onlooker?.seen ?? [];
  expect(seen).toHaveLength(4);
  // The same masks at every look, and a batch that changes with the step.
  for (const { losses } of seen) expect(losses[0]).toEqual(losses[1]);
  expect(new Set(seen.map(({ clean }) => clean)).size).toBe(4);
  const alone = playground.runFolder('alone');
  await runTraining(configOf({ kind: 'linear-arm', slope: 0, intercept: 1 }, null), { runFolder: alone });
  expect(metricsOf(watched)).toBe(metricsOf(alone));
});

test('without clean labels it is refused, naming what to write', () => {
  const config = configOf({ kind: 'meta-weight-net' }, null);
  expect(() => new Trainer(config, { classCount: 8, datasetLength: 6 })).toThrow(
    /reweighter.kind: meta-weight-net learns from clean labels.*--set 'data.clean=/,
  );
});

test('more clean images than there are is an error that says how many there are', async () => {
  const runFolder = playground.runFolder('greedy');
  const config = configOf({ kind: 'meta-weight-net' }, { labels: 'fine', count: 50 });
  await expect(runTraining(config, { runFolder })).rejects.toThrow(
    'expected a count of at most 6, as many as the dataset has, received 50',
  );
});
