/** Checks class weights from the config to the run's folder, and what a run says about OHEM. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, configSchema, datasetSection, resolveConfig } from 'coarsely/config';
import { openDataset, type SegmentationDataset } from 'coarsely/data';
import { readRun } from 'coarsely/runs';
import { resolveClassWeights, runTraining, Trainer, type TrainingEvent } from 'coarsely/training';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { metricRecords } from '#runs/metrics.js';
import { createPlayground, lossesOf, type Playground, smallConfig } from './training-fixtures.js';

let playground: Playground;
let dataset: SegmentationDataset;

beforeAll(async () => {
  playground = await createPlayground();
  dataset = await openDataset(datasetSection(smallConfig(playground.root).data, 'train'));
});
afterAll(() => playground.remove());

const withWeights = (classWeights: Config['classWeights'], rest: Partial<Config> = {}): Config => ({
  ...smallConfig(playground.root),
  classWeights,
  ...rest,
});

async function countedLabels(): Promise<number[]> {
  const counts = dataset.classes.map(() => 0);
  for (let index = 0; index < dataset.length; index++) {
    const { labels } = await dataset.read(index);
    for (const label of labels ?? []) if (label !== 255) counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}

describe('balanced', () => {
  test('is n / (K · n_c) of the training labels, by class name', async () => {
    const counts = await countedLabels();
    const present = counts.filter((count) => count > 0);
    const pixels = present.reduce((sum, count) => sum + count, 0);
    const expected = Object.fromEntries(
      dataset.classes.map(({ name }, index) => {
        const count = counts[index] ?? 0;
        return [name, count === 0 ? 1 : pixels / (present.length * count)];
      }),
    );
    const notices: string[] = [];
    const { classWeights } = await resolveClassWeights(withWeights('balanced'), {
      dataset,
      onNotice: (notice) => notices.push(notice),
    });
    expect(classWeights).toEqual(expected);
    expect(notices[0]).toBe('classWeights: balanced: counting the labels of 6 training images');
    expect(notices[1]).toMatch(/^classWeights: \w+ [\d.]+, /);
  });

  test('has a milder sibling, sqrt, by the square roots of the counts', async () => {
    const counts = await countedLabels();
    const pixels = counts.reduce((sum, count) => sum + count, 0);
    const roots = counts.reduce((sum, count) => sum + Math.sqrt(count), 0);
    const notices: string[] = [];
    const { classWeights } = await resolveClassWeights(withWeights('sqrt'), {
      dataset,
      onNotice: (notice) => notices.push(notice),
    });
    const weights = classWeights as Readonly<Record<string, number>>;
    for (const [index, { name }] of dataset.classes.entries()) {
      const count = counts[index] ?? 0;
      expect(weights[name], name).toBeCloseTo(count === 0 ? 1 : pixels / (Math.sqrt(count) * roots), 10);
    }
    expect(notices[0]).toBe('classWeights: sqrt: counting the labels of 6 training images');
  });

  test('is counted in shares by several processes', async () => {
    const sums = dataset.classes.map(() => 0);
    for (const rank of [0, 1, 2, 3]) {
      const processGroup = {
        rank,
        worldSize: 4,
        allReduce_: (tensor: { toTypedArray(): ArrayLike<number | bigint> }) => {
          for (const [index, count] of Array.from(tensor.toTypedArray(), Number).entries())
            sums[index] = (sums[index] ?? 0) + count;
        },
        sumOverRanks: () => {
          throw new Error('not called');
        },
      };
      await resolveClassWeights(withWeights('balanced'), { dataset, processGroup }).catch((error: Error) =>
        expect(error.message).toContain('no labeled pixel'),
      );
    }
    expect(sums).toEqual(await countedLabels());
  });

  test('stands in the folder of a run as numbers, and a resumed run goes on with them', async () => {
    const config = withWeights('balanced', {
      regionLosses: configSchema.parse({
        data: { root: 'any' },
        regionLosses: [{ kind: 'dice', weight: 0.5 }],
      }).regionLosses,
    });
    const events: TrainingEvent[] = [];
    const onEvent = (event: TrainingEvent) => void events.push(event);
    const unbroken = playground.runFolder('unbroken');
    await runTraining(config, { runFolder: unbroken, environment: null, onEvent });
    const stored = parse(readFileSync(join(unbroken, 'config.yaml'), 'utf8')) as { classWeights: object };
    const { classWeights } = await resolveClassWeights(config, { dataset });
    expect(stored.classWeights).toEqual(classWeights);
    expect(events.filter(({ type }) => type === 'notice')).toHaveLength(2);

    const broken = playground.runFolder('broken');
    let steps = 0;
    await runTraining(config, { runFolder: broken, environment: null, shouldStop: () => ++steps === 4 });
    const resumedEvents: TrainingEvent[] = [];
    const own = resolveConfig(join(broken, 'config.yaml'), { schema: configSchema });
    await runTraining(own, {
      runFolder: broken,
      resume: true,
      environment: null,
      onEvent: (event) => void resumedEvents.push(event),
    });
    expect(resumedEvents.filter(({ type }) => type === 'notice')).toEqual([]);
    expect(lossesOf(resumedEvents)).toEqual(lossesOf(events).slice(4));
    const [first] = metricRecords(readRun(unbroken), 'train');
    expect(first?.values.regionLoss).toBeGreaterThan(0.1);
  });
});

describe('what does not fit is told by class', () => {
  const refusal = (classWeights: Config['classWeights']) =>
    resolveClassWeights(withWeights(classWeights), { dataset }).then(
      () => 'accepted',
      ({ message }: Error) => message,
    );

  test('lists, names and zeros', async () => {
    expect(await refusal([1, 2])).toMatch(
      /^classWeights: expected a list of 8 numbers, .*road.*, received 2$/,
    );
    expect(await refusal({ raod: 2 })).toBe(
      'classWeights: the dataset has no class raod; did you mean classWeights.road?',
    );
    expect(await refusal(dataset.classes.map(() => 0))).toContain('a weight above 0');
    expect(await refusal({ road: 0.5 })).toBe('accepted');
  });

  test('a trainer needs numbers, and names for weights by name', () => {
    const create = (classWeights: Config['classWeights'], classNames: readonly string[] | null = null) =>
      new Trainer(withWeights(classWeights), { classCount: 8, datasetLength: 6, classNames });
    expect(() => create('balanced')).toThrow('resolveClassWeights counts the labels');
    expect(() => create({ road: 2 })).toThrow('the names of the classes are not known');
    const trainer = create(
      { road: 2 },
      dataset.classes.map(({ name }) => name),
    );
    const { classWeights } = trainer.components;
    const index = dataset.classes.findIndex(({ name }) => name === 'road');
    expect(Array.from(classWeights?.toTypedArray() ?? [], Number)).toEqual(
      dataset.classes.map((_, place) => (place === index ? 2 : 1)),
    );
    trainer.dispose();
  });
});

test('a run says once that OHEM keeps everything, and records the share', async () => {
  const events: TrainingEvent[] = [];
  const config = smallConfig(playground.root, {
    reweighter: { kind: 'ohem', threshold: 0.01, minKept: 100_000 },
    training: { iterations: 3 },
  });
  const runFolder = playground.runFolder('ohem');
  await runTraining(config, { runFolder, environment: null, onEvent: (event) => void events.push(event) });
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(/^step 1: OHEM kept all pixels but the easiest, .*minKept is 100000; lower it$/);
  for (const { values } of metricRecords(readRun(runFolder), 'train'))
    expect(values.keptShare).toBeGreaterThan(0.99);
});
