/** Trains runs on stored features: they repeat and resume bit for bit, and are ordinary runs afterwards. */

import { datasetSection } from 'coarsely/config';
import { openDataset } from 'coarsely/data';
import { evaluate, inferenceOptions, loadRun } from 'coarsely/evaluation';
import { losses, regionLosses } from 'coarsely/losses';
import { trainRun } from 'coarsely/quick';
import { confidences, reweighters } from 'coarsely/reweighting';
import { metricRecords, readRun } from 'coarsely/runs';
import { readSafetensors } from 'coarsely/torch';
import type { TrainingEvent } from 'coarsely/training';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createQuickPlayground,
  type Playground,
  type QuickConfigOptions,
  quickConfig,
} from './quick-fixtures.js';

let playground: Playground;
beforeAll(async () => {
  playground = await createQuickPlayground();
});
afterAll(() => playground.remove());

async function run(name: string, options: QuickConfigOptions = {}, stopAfter = Number.POSITIVE_INFINITY) {
  const events: TrainingEvent[] = [];
  const runFolder = playground.runFolder(name);
  let steps = 0;
  const config = quickConfig(playground.root, options);
  const outcome = await trainRun(config, {
    runFolder,
    environment: null,
    onEvent: (event) => events.push(event),
    shouldStop: () => ++steps >= stopAfter,
  });
  return { config, runFolder, events, outcome };
}

/** Every number of the last checkpoint, as hexadecimal text by name. */
function stateOf(folder: string) {
  const { lastCheckpoint } = readRun(folder);
  const { tensors } = readSafetensors(lastCheckpoint?.file ?? '');
  const bytes = [...tensors].map(([name, tensor]) => [name, Buffer.from(tensor.toBytes()).toString('hex')]);
  for (const tensor of tensors.values()) tensor.dispose();
  return Object.fromEntries(bytes);
}

function lossesOf(folder: string) {
  return metricRecords(readRun(folder), 'train').map(({ step, values }) => [step, values.loss]);
}

test('a run reports its phases, and is an ordinary run afterwards', async () => {
  const { config, runFolder, events, outcome } = await run('phases');
  expect(outcome).toBe('finished');
  const features = events.filter((event) => event.type === 'features');
  expect(features.at(-1)).toMatchObject({ done: 6, total: 6 });
  const [step] = events.filter((event) => event.type === 'step');
  expect(step).toMatchObject({ unit: 'pixels', iterations: 8 });
  const read = readRun(runFolder);
  const timing = metricRecords(read, 'timing').at(-1)?.values;
  for (const phase of ['features', 'steps', 'evaluation'] as const)
    expect(timing?.[phase]).toBeGreaterThan(0);
  const scores = metricRecords(read, 'val').at(-1)?.values;
  using loaded = await loadRun(runFolder);
  const dataset = await openDataset(datasetSection(config.data, 'evaluation'));
  const again = await evaluate(loaded.model, dataset, { ...inferenceOptions(config), precision: 'float32' });
  expect(again.mIoU).toBeCloseTo(scores?.mIoU ?? Number.NaN, 10);
});

test.each([false, true])('a run with a teacher resumes bit for bit (evaluate: %s)', async (published) => {
  const sections = {
    teacher: { momentum: 0.9, evaluate: published },
    reweighter: { kind: published ? 'closed-form-arm' : 'arm', inputs: ['variance', 'agreement'] },
  };
  const unbroken = await run(`teacher-${published}`, { sections });
  const interrupted = await run(`teacher-${published}-broken`, { sections }, 3);
  expect(interrupted.outcome).toBe('interrupted');
  const { config, runFolder } = interrupted;
  expect(await trainRun(config, { runFolder, environment: null, resume: true })).toBe('finished');
  expect(stateOf(runFolder)).toEqual(stateOf(unbroken.runFolder));
  expect(lossesOf(runFolder)).toEqual(lossesOf(unbroken.runFolder));
  using loaded = await loadRun(unbroken.runFolder);
  const state = stateOf(unbroken.runFolder);
  const names = [...loaded.model.head.stateDict().keys()].filter((name) => /weight|bias/.test(name));
  const beside = published ? 'student' : 'teacher';
  expect(names.some((name) => state[`${beside}.head.${name}`] !== state[`model.head.${name}`])).toBe(true);
  expect(Object.keys(state).some((name) => name.startsWith(`${beside}.backbone.`))).toBe(false);
  // Scored is what is published.
  const [score] = metricRecords(readRun(unbroken.runFolder), 'val').map(({ values }) => values.mIoU);
  const dataset = await openDataset(datasetSection(config.data, 'evaluation'));
  const again = await evaluate(loaded.model, dataset, { ...inferenceOptions(config), precision: 'float32' });
  expect(again.mIoU).toBeCloseTo(score ?? Number.NaN, 10);
  const other = { teacher: { ...sections.teacher, evaluate: !published }, reweighter: sections.reweighter };
  const [turned] = metricRecords(
    readRun((await run(`turned-${published}`, { sections: other })).runFolder),
    'val',
  );
  expect(score).not.toBe(turned?.values.mIoU);
  const [curve] = metricRecords(readRun(unbroken.runFolder), 'weights');
  expect(curve?.values.byAgreement?.map(({ agreement }) => agreement)).toEqual([-1, 0, 1]);
});

test('losses of regions over patches repeat bit for bit, and change what is learned', async () => {
  const sections = { regionLosses: uncovered };
  const [first, second, without] = [
    await run('patches', { sections }),
    await run('patches-again', { sections }),
    await run('no-patches'),
  ];
  expect(stateOf(second.runFolder)).toEqual(stateOf(first.runFolder));
  expect(stateOf(first.runFolder)).not.toEqual(stateOf(without.runFolder));
  const features = first.events.filter((event) => event.type === 'features');
  expect(features.at(-1)).toMatchObject({ done: 12, total: 12 });
  const losses = metricRecords(readRun(first.runFolder), 'train').map(({ values }) => values.regionLoss ?? 0);
  expect(Math.min(...losses)).toBeGreaterThan(0);
});

test('the same seed gives the same bits, and another seed others', async () => {
  const [first, second, other] = [
    await run('first'),
    await run('second'),
    await run('other', { sections: { seed: 1 } }),
  ];
  expect(stateOf(second.runFolder)).toEqual(stateOf(first.runFolder));
  expect(lossesOf(second.runFolder)).toEqual(lossesOf(first.runFolder));
  expect(lossesOf(other.runFolder)).not.toEqual(lossesOf(first.runFolder));
});

/** Is a loss of each kind that reads pixels without a label. */
const uncovered = [{ kind: 'candidates' }, { kind: 'relaxation' }, { kind: 'gated-crf', weight: 0.1 }];

describe('a run that was stopped goes on as if it had not been', () => {
  test.each([
    { reweighter: null },
    { reweighter: { kind: 'arm' } },
    { reweighter: { kind: 'active-bias' } },
    { reweighter: { kind: 'arm' }, regionLosses: uncovered },
    {
      reweighter: null,
      teacher: { momentum: 0.9 },
      regionLosses: [{ kind: 'consistency', threshold: 0.05 }],
    },
  ])('with %o', async (sections) => {
    const name = `${sections.reweighter?.kind ?? 'none'}-${sections.regionLosses?.length ?? 0}`;
    const whole = await run(`whole-${name}`, { sections });
    const stopped = await run(`stopped-${name}`, { sections }, 4);
    expect(stopped.outcome).toBe('interrupted');
    const outcome = await trainRun(stopped.config, {
      runFolder: stopped.runFolder,
      environment: null,
      resume: true,
    });
    expect(outcome).toBe('finished');
    expect(lossesOf(stopped.runFolder)).toEqual(lossesOf(whole.runFolder));
    expect(stateOf(stopped.runFolder)).toEqual(stateOf(whole.runFolder));
  });
});

const short = { training: { iterations: 2, evaluateEvery: 2, checkpointEvery: 2 } };

async function expectFinite(name: string, options: QuickConfigOptions) {
  const { runFolder, outcome } = await run(name, { ...short, ...options });
  expect(outcome).toBe('finished');
  const seen = lossesOf(runFolder);
  expect(seen).toHaveLength(2);
  for (const [, loss] of seen) expect(Number.isFinite(loss)).toBe(true);
}

test.each(reweighters.kinds())('reweighter %s learns from pixels', (kind) =>
  expectFinite(`reweighter-${kind}`, { sections: { reweighter: { kind } } }),
);

test.each(losses.kinds())('loss %s learns from pixels', (kind) =>
  expectFinite(`loss-${kind}`, { sections: { loss: { kind } } }),
);

test.each(confidences.kinds())('confidence %s is read from pixels', (kind) => {
  const loss = (confidences.get(kind).needs ?? []).length > 0 ? 'kl' : 'cross-entropy';
  return expectFinite(`confidence-${kind}`, {
    sections: { loss: { kind: loss }, confidence: { kind }, reweighter: { kind: 'arm' } },
  });
});

test.each(regionLosses.kinds())('region loss %s is over the pixels of a step, or over patches', (kind) => {
  const teacher = regionLosses.get(kind).needs?.includes('teacher') ? {} : null;
  return expectFinite(`region-${kind}`, { sections: { teacher, regionLosses: [{ kind }] } });
});

test.each([
  ['balanced class weights', { sections: { classWeights: 'balanced' } }],
  ['label smoothing', { sections: { loss: { kind: 'cross-entropy', labelSmoothing: 0.1 } } }],
  ['bfloat16', { sections: { precision: 'bfloat16' } }],
  ['classes drawn equally often', { quick: { classBalance: 'balanced' as const } }],
  ['several views', { quick: { scales: [0.5, 1], flip: true } }],
])('%s', (name, options) => expectFinite(name.replaceAll(' ', '-'), options));
