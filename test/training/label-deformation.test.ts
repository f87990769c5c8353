/** Trains with labels that move: clean labels stay, a stopped run goes on bit for bit, and without the option nothing changes. */

import { type Config, configSchema } from 'coarsely/config';
import type { LabelDeformation } from 'coarsely/data';
import { trainRun } from 'coarsely/quick';
import { metricRecords, readRun } from 'coarsely/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TrainingBatches } from '#training/training-batches.js';
import { createQuickPlayground, type Playground, quickConfig } from '../quick/quick-fixtures.js';
import { smallConfig } from './training-fixtures.js';

let playground: Playground;
beforeAll(async () => {
  playground = await createQuickPlayground();
});
afterAll(() => playground.remove());

const moving: LabelDeformation = { amplitude: 6, scale: 8, probability: 1 };

function withDeformation(config: Config, labelDeformation: LabelDeformation): Config {
  const { data } = config;
  return { ...config, data: { ...data, augmentation: { ...data.augmentation, labelDeformation } } };
}

async function lossesOf(config: Config, name: string, stopAfter = Number.POSITIVE_INFINITY) {
  const runFolder = playground.runFolder(name);
  let steps = 0;
  const options = { runFolder, environment: null };
  const outcome = await trainRun(config, { ...options, shouldStop: () => ++steps >= stopAfter });
  if (outcome === 'interrupted') await trainRun(config, { ...options, resume: true });
  return metricRecords(readRun(runFolder), 'train').map(({ values }) => values.loss);
}

test.each(['full', 'quick'] as const)(
  'a run of %s training that was stopped repeats its losses',
  async (mode) => {
    const plain = mode === 'quick' ? quickConfig(playground.root) : smallConfig(playground.root);
    const config = withDeformation(plain, moving);
    const whole = await lossesOf(config, `${mode}-whole`);
    expect(await lossesOf(config, `${mode}-stopped`, 3)).toEqual(whole);
    const off = await lossesOf(plain, `${mode}-off`);
    expect(off).not.toEqual(whole);
    const never = withDeformation(plain, { ...moving, probability: 0 });
    expect(await lossesOf(never, `${mode}-never`)).toEqual(off);
  },
);

test('clean labels stay where they are', async () => {
  const { data } = quickConfig(playground.root);
  const config = configSchema.parse({
    ...smallConfig(playground.root, { reweighter: { kind: 'meta-weight-net' } }),
    data: { ...data, augmentation: { cropSize: [48, 64] }, workers: 0 },
  });
  const labelsOf = async (given: Config) => {
    const batches = new TrainingBatches(given);
    const { labels, clean } = await batches.next(0);
    await batches.close();
    return { labels, clean: clean?.labels };
  };
  const plain = await labelsOf(config);
  const moved = await labelsOf(withDeformation(config, moving));
  expect(moved.labels).not.toEqual(plain.labels);
  expect(moved.clean).toBeDefined();
  expect(moved.clean).toEqual(plain.clean);
});
