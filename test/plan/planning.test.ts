/** Plans labeling of small generated scenes from end to end. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from 'coarsely/config';
import { ConfigError, DataError, OperationError } from 'coarsely/errors';
import { ResNet } from 'coarsely/models';
import { type PlanEvent, type PlanLabelingOptions, planLabeling, writePlan } from 'coarsely/plan';
import { writeScenes } from 'coarsely/scenes';
import { Generator, writeSafetensors } from 'coarsely/torch';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { type QuickConfigOptions, quickConfig } from '../quick/quick-fixtures.js';

let root: string;
let cache: string;
const folders: string[] = [];
beforeEach(() => {
  // The features of the scenes are computed once.
  vi.stubEnv('XDG_CACHE_HOME', cache);
});
beforeAll(async () => {
  cache = await temporaryFolder();
  root = await scenes({ train: 10, validation: 4 });
});
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coarsely-plan-'));
  folders.push(folder);
  return folder;
}

async function scenes(count: { readonly train: number; readonly validation: number }): Promise<string> {
  const folder = await temporaryFolder();
  await writeScenes(folder, { ...count, width: 64, height: 48 });
  using generator = new Generator(99);
  const backbone = new ResNet(18, { zeroInitResidual: false, generator });
  writeSafetensors(join(folder, 'backbone.safetensors'), backbone.stateDict());
  backbone.dispose();
  return folder;
}

function configOf(folder: string, { sections = {}, ...options }: QuickConfigOptions = {}): Config {
  const data = {
    root: folder,
    train: { split: 'train', labels: 'coarse' },
    evaluation: { split: 'val', labels: 'fine' },
  };
  return quickConfig(folder, {
    quick: { pixels: 64, diskMiB: 64, memoryMiB: 8 },
    training: { iterations: 4, evaluateEvery: 4, checkpointEvery: 4 },
    ...options,
    sections: { data, ...sections },
  });
}

/** Plans, and returns the plan with what was trained. */
async function plan(config: Config, options: PlanLabelingOptions = {}) {
  const events: PlanEvent[] = [];
  const result = await planLabeling(config, { seeds: 2, ...options, onEvent: (event) => events.push(event) });
  const trained = events.filter((event) => event.type === 'score');
  return { plan: result, events, trained };
}

async function newFolder(): Promise<string> {
  return join(await temporaryFolder(), 'plan');
}

describe('a dataset with coarse and fine labels', () => {
  it('has curves of all kinds, goes on after a stop, and answers other questions without training', async () => {
    const config = configOf(root, { training: { iterations: 2, evaluateEvery: 2, checkpointEvery: 2 } });
    const folder = await newFolder();
    const whole = await plan(config);
    const curves = whole.plan?.curves.map(({ kind, measurements }) => [
      kind,
      measurements.map(({ count }) => count),
    ]);
    expect(curves).toEqual([
      ['coarse', [1, 3, 5, 7, 10]],
      [
        'points',
        [0, 10, 30, 100, 300, 1000, 3000].filter((count) => count <= Number(lastOf(curves, 'points'))),
      ],
      ['fine', [0, 1, 2, 4, 8, 10]],
      ['fine-alone', [1, 3, 5, 7, 10]],
    ]);
    expect(whole.events.find(({ type }) => type === 'estimate')).toMatchObject({ kept: 0 });
    // The stop comes after three heads; the rest is measured later, and gives the same plan, bit for bit.
    let asked = 0;
    const stopped = await plan(config, { folder, shouldStop: () => ++asked > 3 });
    expect(stopped.plan).toBeNull();
    expect(stopped.trained).toHaveLength(3);
    const resumed = await plan(config, { folder });
    expect(resumed.trained).toHaveLength(whole.trained.length - 3);
    expect(resumed.events.find(({ type }) => type === 'estimate')).toMatchObject({ kept: 3 });
    expect(resumed.plan).toEqual(whole.plan);
    const costs = { coarse: 60, fine: 5400, point: 30 };
    const other = await plan(config, { folder, hours: 2, costs });
    expect(other.events.filter(({ type }) => type !== 'score')).toEqual([]);
    expect(other.trained).toEqual([]);
    expect(other.plan?.recommendation.options.find(({ kind }) => kind === 'coarse')?.amount).toBe(120);
  });

  it('writes its files, which hold the same numbers', async () => {
    const { plan: result } = await plan(configOf(root), { seeds: 1 });
    const folder = await newFolder();
    const files = writePlan(result as NonNullable<typeof result>, {
      folder,
      command: 'coarsely plan --data x',
    });
    const json = JSON.parse(readFileSync(files.json, 'utf8')) as {
      recommendation: { sentence: string };
      curves: { kind: string; measured: { count: number; mIoU: number; interval: unknown }[] }[];
    };
    expect(json.recommendation.sentence).toBe(result?.recommendation.sentence);
    const { measured } = json.curves[0] as (typeof json.curves)[number];
    expect(measured[0]?.mIoU).toBe(result?.curves[0]?.measurements[0]?.scores[0]);
    // A single seed has no interval.
    expect(measured[0]?.interval).toBeNull();
    const markdown = readFileSync(files.markdown, 'utf8');
    expect(markdown).toContain(result?.recommendation.sentence ?? '');
    expect(markdown).toContain('coarsely plan --data x');
    expect(markdown).toContain('A coarse image takes 7 min, a fine one 90 min, a point 2 s.');
    const svg = readFileSync(files.svg, 'utf8');
    expect(svg).toContain('coarse images + points');
    expect(svg).not.toContain('NaN');
    expect(svg.match(/class="band"/g)).toHaveLength(7);
  });

  it('refuses a folder with scores of other settings or labels', async () => {
    const folder = await newFolder();
    await plan(configOf(root), { folder, shouldStop: () => true });
    const other = configOf(root, { training: { iterations: 5, evaluateEvery: 5, checkpointEvery: 5 } });
    await expect(plan(other, { folder })).rejects.toThrow(
      'measurements.json: its scores were measured with another steps (4, now 5); give another folder: --output DIR',
    );
    const others = await scenes({ train: 11, validation: 4 });
    await expect(plan(configOf(others), { folder })).rejects.toThrow('with another data');
  });
});

function lastOf(
  curves: readonly (readonly [string, readonly number[]] | unknown[])[] | undefined,
  kind: string,
) {
  const [, counts] = curves?.find(([of]) => of === kind) ?? [];
  return (counts as number[] | undefined)?.at(-1);
}

test('without fine labels of the training images, half of the evaluation gives them, or the curves are left out', async () => {
  const [many, few] = [await scenes({ train: 9, validation: 16 }), await scenes({ train: 9, validation: 5 })];
  for (const folder of [many, few]) await rm(join(folder, 'fine', 'train'), { recursive: true });
  const split = await plan(configOf(many), { seeds: 1 });
  expect(split.plan?.curves.map(({ kind }) => kind)).toEqual(['coarse', 'points', 'fine']);
  expect(split.plan?.assumptions[0]).toMatch(
    /^Fewer than 8 training images have fine labels\. Every second image of the evaluation \(8\) gives points and fine images instead/,
  );
  const alone = await plan(configOf(few), { seeds: 1 });
  expect(alone.plan?.curves.map(({ kind }) => kind)).toEqual(['coarse']);
  expect(alone.plan?.assumptions[0]).toContain('the curves of points and fine images are left out');
  expect(alone.plan?.recommendation.sentence).toContain('No other kind of label could be measured');
});

test('fine labels of some training images are enough', async () => {
  const some = await scenes({ train: 12, validation: 3 });
  for (const name of readdirSync(join(some, 'fine/train')).slice(0, 3))
    await rm(join(some, 'fine/train', name));
  const { plan: result } = await plan(configOf(some), { seeds: 1 });
  expect(result?.assumptions[0]).toBe(
    'Points and fine images are taken from the fine labels of the 9 of 12 training images that have some.',
  );
  const ends = result?.curves.map(({ kind, measurements }) => [kind, measurements.at(-1)?.count]);
  expect(ends?.filter(([kind]) => kind !== 'points')).toEqual([
    ['coarse', 12],
    ['fine', 9],
    ['fine-alone', 9],
  ]);
});

test('where training and evaluation have the same labels, only more of these are planned', async () => {
  const data = {
    root,
    train: { split: 'train', labels: 'fine' },
    evaluation: { split: 'val', labels: 'fine' },
  };
  const { plan: result } = await plan(configOf(root, { sections: { data } }), { seeds: 1 });
  expect(result?.curves.map(({ kind, today }) => [kind, today])).toEqual([['fine-alone', 10]]);
  expect(result?.recommendation.options[0]).toMatchObject({ kind: 'fine-alone', amount: 6 });
  expect(result?.assumptions[0]).toContain('only more images with fine labels can be planned');
});

describe('what cannot be planned is refused in one line', () => {
  test('too few images', async () => {
    const few = await scenes({ train: 5, validation: 2 });
    const failed = plan(configOf(few));
    await expect(failed).rejects.toThrow(DataError);
    await expect(failed).rejects.toThrow(
      '5 training images with coarse labels; a learning curve needs at least 8',
    );
  });

  test.each([
    ['quick', { quick: null }, 'quick: a plan trains heads on stored features'],
    ['fill', { fill: {} }, 'fill: a plan trains on the labels as they are; expected null'],
    ['correction', { correction: {} }, 'correction: a plan trains on the labels as they are; expected null'],
    [
      'regionLosses',
      { regionLosses: [{ kind: 'dice' }] },
      'regionLosses: a plan trains with the pixel loss alone',
    ],
    ['classWeights', { classWeights: 'sqrt' }, 'classWeights: a plan weighs classes by quick.classBalance'],
    [
      'reweighter',
      { reweighter: { kind: 'meta-weight-net' } },
      'learns from clean labels, and a plan varies trusted labels itself',
    ],
  ])('a config with %s that heads on rows would leave out', async (_, sections, message) => {
    const failed = plan(configOf(root, { sections }));
    await expect(failed).rejects.toThrow(ConfigError);
    await expect(failed).rejects.toThrow(message);
  });

  test('images that train and score', async () => {
    const data = {
      root,
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'train', labels: 'fine' },
    };
    await expect(plan(configOf(root, { sections: { data } }))).rejects.toThrow('is the training split too');
  });

  test('hours and seeds out of range, and a damaged file of scores', async () => {
    await expect(plan(configOf(root), { hours: 0 })).rejects.toThrow(OperationError);
    await expect(plan(configOf(root), { seeds: 0 })).rejects.toThrow(OperationError);
    const folder = await newFolder();
    await plan(configOf(root), { folder, shouldStop: () => true });
    expect(existsSync(join(folder, 'measurements.json'))).toBe(true);
    writeFileSync(join(folder, 'measurements.json'), '{"version": 1');
    await expect(plan(configOf(root), { folder })).rejects.toThrow('measurements.json: is damaged');
  });
});
