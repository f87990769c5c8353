/**
 * Trains small runs in which a wrong teacher takes over: held-out points get worse, the rule stops it and the best state is
 * back. It survives an interruption, and consistency repeats bit for bit.
 */

import { createHash } from 'node:crypto';
import { type Config, configSchema } from 'coarsely/config';
import { crossEntropy, regionLosses } from 'coarsely/losses';
import { trainRun } from 'coarsely/quick';
import { metricRecords, readRun } from 'coarsely/runs';
import { readSafetensors, tensorFrom } from 'coarsely/torch';
import type { TrainingEvent } from 'coarsely/training';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { holdOutPoints } from '#training/held-out.js';
import { createQuickPlayground, type Playground, quickConfig } from '../quick/quick-fixtures.js';
import { smallConfig } from './training-fixtures.js';
import { writePoints } from './write-points.js';

let playground: Playground;
beforeAll(async () => {
  playground = await createQuickPlayground();
  await writePoints(playground.root, 40);
  // From 40 % of the steps on, a teacher that takes everything for the last class counts more than all labels.
  regionLosses.register({
    kind: 'wrong-teacher',
    options: z.strictObject({}),
    learnsUncovered: true,
    create:
      () =>
      (logitsNCHW, labelsNHW, { progress = 0 } = {}) => {
        const [, classCount = 1] = logitsNCHW.shape;
        const wrong = labelsNHW.mul(0).add(classCount - 1);
        return crossEntropy(logitsNCHW, wrong)
          .mean()
          .mul(progress < 0.4 ? 0 : 30);
      },
  });
});
afterAll(() => playground.remove());

const stopping = { heldOut: 0.4, patience: 2, tolerance: 0 };
const training = {
  iterations: 20,
  batchSize: 4,
  evaluateEvery: 2,
  checkpointEvery: 2,
  keepCheckpoints: 20,
  logEvery: 1,
};

function configOf(action: 'supervised' | 'end'): Config {
  const plain = quickConfig(playground.root);
  return configSchema.parse({
    ...plain,
    seed: 1,
    data: { ...plain.data, points: { share: 0.3 } },
    regionLosses: [{ kind: 'wrong-teacher' }],
    optimizer: { kind: 'adamw', learningRate: 0.03 },
    training: { ...training, stopping: { ...stopping, action } },
  });
}

async function run(config: Config, name: string, { stopAfter = Number.POSITIVE_INFINITY } = {}) {
  const runFolder = playground.runFolder(name);
  const events: TrainingEvent[] = [];
  let steps = 0;
  const options = { runFolder, environment: null, onEvent: (event: TrainingEvent) => events.push(event) };
  const first = await trainRun(config, { ...options, shouldStop: () => ++steps >= stopAfter });
  if (first === 'interrupted') await trainRun(config, { ...options, resume: true });
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  return { runFolder, notices, read: readRun(runFolder) };
}

/** Hashes every tensor of a checkpoint, without what tells how far the rule is. */
function hashesOf(file: string, isWanted: (name: string) => boolean = () => true) {
  const { tensors } = readSafetensors(file);
  const hashes = [...tensors]
    .filter(([name]) => isWanted(name))
    .map(([name, tensor]) => [name, createHash('sha256').update(tensor.toBytes()).digest('hex')]);
  for (const tensor of tensors.values()) tensor.dispose();
  return Object.fromEntries(hashes);
}

const learned = (name: string) => /^(model|optimizer|reweighter)\./.test(name);
const checkpoint = (folder: string, step: number) =>
  `${folder}/checkpoints/step-${String(step).padStart(8, '0')}.safetensors`;

describe('a wrong teacher', () => {
  test('ends where held-out points get worse, with the best state', async () => {
    const { runFolder, notices, read } = await run(configOf('end'), 'end');
    const scores = metricRecords(read, 'heldOut');
    const last = scores.at(-1);
    expect(last?.values.verdict).toBe('stop');
    const stop = last?.step ?? 0;
    const best = last?.values.bestStep ?? 0;
    expect(stop).toBeLessThan(20);
    expect(best).toBeLessThan(stop);
    const highest = Math.max(...scores.map(({ values }) => values.mIoU ?? 0));
    expect(scores.find(({ step }) => step === best)?.values.mIoU).toBe(highest);
    expect(read.lastCheckpoint?.step).toBe(stop);
    expect(hashesOf(read.lastCheckpoint?.file ?? '', learned)).toEqual(
      hashesOf(checkpoint(runFolder, best), learned),
    );
    const text = notices.find((notice) => notice.includes('held-out points have mIoU'));
    expect(text).toMatch(
      new RegExp(
        `^step ${stop}: .* at step ${best}, and were worse 2 times since; the network is that of step ${best} again`,
      ),
    );
    expect(notices).toContain(
      notices.find((notice) =>
        /holds out \d+ points of 2 images, which are scored and not learned/.test(notice),
      ),
    );
    // The score of the run is that of the best state, and a finished run stays finished.
    const val = metricRecords(read, 'val');
    expect(val.at(-1)?.step).toBe(stop);
    expect(val.at(-1)?.values).toEqual(val.find(({ step }) => step === best)?.values);
    const again = await trainRun(configOf('end'), { runFolder, environment: null, resume: true });
    expect(again).toBe('finished');
    expect(readRun(runFolder).lastCheckpoint?.step).toBe(stop);
  });

  test('goes on without the losses on unlabeled pixels, and repeats after an interruption', async () => {
    const whole = await run(configOf('supervised'), 'whole');
    const records = metricRecords(whole.read, 'heldOut');
    const stop = records.at(-1)?.step ?? 0;
    const best = records.at(-1)?.values.bestStep ?? 0;
    expect(records.at(-1)?.values.verdict).toBe('stop');
    for (const { step, values } of metricRecords(whole.read, 'train')) {
      expect(values.regionLoss === undefined).toBe(step > stop);
    }
    expect(whole.read.lastCheckpoint?.step).toBe(20);
    // Interrupted between the best score and the stop, and right after the stop.
    for (const stopAfter of [best + 1, stop + 1]) {
      const broken = await run(configOf('supervised'), `broken-${stopAfter}`, { stopAfter });
      for (const split of ['heldOut', 'train', 'val'] as const) {
        expect(metricRecords(broken.read, split)).toEqual(metricRecords(whole.read, split));
      }
      expect(hashesOf(broken.read.lastCheckpoint?.file ?? '')).toEqual(
        hashesOf(whole.read.lastCheckpoint?.file ?? ''),
      );
    }
  });
});

test('consistency repeats bit for bit after an interruption, in parts too, and reads its frequencies', async () => {
  for (const gradientAccumulationSteps of [1, 2]) {
    const config = configSchema.parse({
      ...smallConfig(playground.root),
      teacher: { momentum: 0.9 },
      regionLosses: [{ kind: 'consistency', threshold: 0.05 }],
      training: {
        ...{ iterations: 6, evaluateEvery: 6, checkpointEvery: 6, logEvery: 1 },
        ...{ batchSize: 4, gradientAccumulationSteps },
      },
    });
    const name = `consistency-${gradientAccumulationSteps}`;
    const whole = await run(config, name);
    const losses = metricRecords(whole.read, 'train').map(({ values }) => values.regionLoss);
    expect(losses.every((loss) => Number.isFinite(loss) && (loss ?? 0) > 0)).toBe(true);
    const broken = await run(config, `${name}-broken`, { stopAfter: 3 });
    expect(metricRecords(broken.read, 'train')).toEqual(metricRecords(whole.read, 'train'));
    const state = hashesOf(whole.read.lastCheckpoint?.file ?? '');
    expect(hashesOf(broken.read.lastCheckpoint?.file ?? '')).toEqual(state);
    const equal = tensorFrom(new Array(8).fill(1 / 8), { dtype: 'float32', shape: [8] });
    expect(state.frequencies).toBeDefined();
    expect(state.frequencies).not.toBe(createHash('sha256').update(equal.toBytes()).digest('hex'));
    equal.dispose();
  }
});

test('a config says what it lacks', async () => {
  const lacking = (sections: object) => {
    const plain = smallConfig(playground.root);
    const config = configSchema.parse({ ...plain, ...sections });
    return trainRun(config, { runFolder: playground.runFolder('lacking'), environment: null });
  };
  await expect(lacking({ regionLosses: [{ kind: 'consistency' }] })).rejects.toThrow(
    'regionLosses.0.kind: consistency reads what a moving average of the network predicts, but teacher is null',
  );
  const plain = smallConfig(playground.root);
  await expect(lacking({ training: { ...plain.training, stopping } })).rejects.toThrow(
    'training.stopping: holds out points, but data.points is null',
  );
  const data = { ...plain.data, points: { share: 0.3 } };
  await expect(lacking({ data, training: { ...plain.training, stopping } })).rejects.toThrow(
    /training\.stopping\.action: supervised switches off .* regionLosses has none of them \(.*consistency.*\)/,
  );
});

test('whole images are held out, drawn by the seed, at least one and never all', () => {
  const image = {
    width: 1,
    height: 1,
    path: '',
    count: 1,
    unanswered: 0,
    pixels: Uint32Array.of(0),
    classes: Uint8Array.of(0),
  };
  const points = new Map(Array.from({ length: 10 }, (_, index) => [3 * index, image] as const));
  const { learned: kept, heldOut } = holdOutPoints(points, { share: 0.3, seed: 0 });
  expect([kept.size, heldOut.size]).toEqual([7, 3]);
  expect([...kept.keys(), ...heldOut.keys()].sort((a, b) => a - b)).toEqual([...points.keys()]);
  expect([...holdOutPoints(points, { share: 0.3, seed: 0 }).heldOut.keys()]).toEqual([...heldOut.keys()]);
  const drawn = new Set(
    [0, 1, 2, 3, 4].map((seed) => String([...holdOutPoints(points, { share: 0.3, seed }).heldOut.keys()])),
  );
  expect(drawn.size).toBeGreaterThan(1);
  expect(holdOutPoints(points, { share: 0.01, seed: 0 }).heldOut.size).toBe(1);
  expect(holdOutPoints(points, { share: 0.99, seed: 0 }).learned.size).toBe(1);
  expect(() => holdOutPoints(new Map([[0, image]]), { share: 0.5, seed: 0 })).toThrow(
    'training.stopping: holds out the points of some images, and 1 image has points; expected at least 2',
  );
});
