/** Trains small runs whose labels earlier rounds fill, and fills labels by hand, as a person would. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, configSchema } from 'coarsely/config';
import { openDataset, type SegmentationDataset } from 'coarsely/data';
import { type FillLabelsOptions, fillLabels, trainFilled } from 'coarsely/fill';
import { trainRun } from 'coarsely/quick';
import { readRun } from 'coarsely/runs';
import { setThreads, threads } from 'coarsely/torch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createQuickPlayground, type Playground, quickConfig } from '../quick/quick-fixtures.js';
import { smallConfig } from '../training/training-fixtures.js';

let playground: Playground;
let quickRun: string;
let threadsBefore: number;
const schedule = { training: { iterations: 40, evaluateEvery: 40, checkpointEvery: 20 } };

beforeAll(async () => {
  threadsBefore = threads();
  playground = await createQuickPlayground();
  quickRun = playground.runFolder('quick');
  await trainRun(quickConfig(playground.root, schedule), { runFolder: quickRun, environment: null });
});
afterAll(async () => {
  setThreads(threadsBefore);
  await playground.remove();
});

let folders = 0;
const newFolder = () => join(playground.root, `filled-${folders++}`);

const labelsIn = (labels: string) =>
  openDataset({ kind: 'folder', root: playground.root, split: 'train', labels });

async function labelsOf(dataset: SegmentationDataset): Promise<Uint8Array[]> {
  const all = Array.from({ length: dataset.length }, (_, index) => dataset.read(index));
  return (await Promise.all(all)).map(({ labels }) => labels as Uint8Array);
}

async function fill(options: Partial<FillLabelsOptions> = {}) {
  const output = options.output ?? newFolder();
  const summary = await fillLabels(quickRun, { output, ...options });
  const dataset = await labelsIn(output.slice(playground.root.length + 1));
  return { output, summary, labels: await labelsOf(dataset) };
}

describe('filled labels', () => {
  test('keep what was labeled, and have a class where the network and the colors are sure', async () => {
    const { labels, summary } = await fill({ threshold: 0.9 });
    const coarse = await labelsOf(await labelsIn('coarse'));
    const fine = await labelsOf(await labelsIn('fine'));
    let [filled, right, open] = [0, 0, 0];
    for (const [image, map] of labels.entries()) {
      for (const [pixel, label] of map.entries()) {
        const before = coarse[image]?.[pixel];
        if (before !== 255) expect(label).toBe(before);
        else if (label === 255) open++;
        else {
          filled++;
          if (label === fine[image]?.[pixel]) right++;
        }
      }
    }
    expect(summary.images).toBe(labels.length);
    expect(summary.filled.reduce((a, b) => a + b)).toBe(filled);
    expect(summary.open).toBe(open);
    expect(filled).toBeGreaterThan(open / 10);
    // Of nine classes, chance would be right for a ninth.
    expect(right / filled).toBeGreaterThan(0.4);
  });

  test('a higher threshold leaves more open, and the same fill writes the same files', async () => {
    const [low, high, again] = [
      await fill({ threshold: 0.5 }),
      await fill({ threshold: 0.99 }),
      await fill({ threshold: 0.5 }),
    ];
    expect(high.summary.open).toBeGreaterThan(low.summary.open);
    expect(again.labels).toEqual(low.labels);
  });

  test('points are labels too', async () => {
    const dataset = await labelsIn('coarse');
    const [first] = await labelsOf(dataset);
    const pixel = first?.indexOf(255) as number;
    const { width, height } = await dataset.read(0);
    const point = { x: pixel % width, y: Math.floor(pixel / width), class: 3 };
    mkdirSync(join(playground.root, 'points', 'train'), { recursive: true });
    writeFileSync(
      join(playground.root, 'points', 'train', `${dataset.name(0)}.json`),
      JSON.stringify({ width, height, points: [point] }),
    );
    const { labels } = await fill({ points: 'points' });
    rmSync(join(playground.root, 'points'), { recursive: true });
    expect(labels[0]?.[pixel]).toBe(3);
  });

  test('an interrupted fill is completed, and two processes fill each their part', async () => {
    const whole = await fill();
    const [removed = ''] = readdirSync(join(whole.output, 'train'));
    rmSync(join(whole.output, 'train', removed));
    const completed = await fill({ output: whole.output });
    expect(completed.labels).toEqual(whole.labels);
    expect(completed.summary).toEqual(whole.summary);
    const output = newFolder();
    await fillLabels(quickRun, { output, share: { rank: 1, worldSize: 2 } });
    const { labels } = await fill({ output, share: { rank: 0, worldSize: 2 } });
    expect(labels).toEqual(whole.labels);
  });

  test('nothing of other origin is overwritten', async () => {
    const { output } = await fill();
    await expect(fillLabels(quickRun, { output, threshold: 0.7 })).rejects.toThrow(
      `${output}: holds labels that were filled from another run or with other options`,
    );
    await expect(fillLabels(quickRun, { output: join(playground.root, 'fine') })).rejects.toThrow(
      'fine: holds files that no fill wrote, and nothing is overwritten; name another folder',
    );
    await expect(fillLabels(quickRun, { output: newFolder(), threshold: 2 })).rejects.toThrow(
      'fill: expected a threshold from 0 to 1, received 2',
    );
  });
});

describe('a run with a fill section', () => {
  const config = () => quickConfig(playground.root, { ...schedule, sections: { fill: { rounds: 2 } } });

  test('trains rounds, fills labels, and learns from them', async () => {
    const runFolder = playground.runFolder('rounds');
    const outcome = await trainFilled(config(), { runFolder, environment: null });
    expect(outcome).toBe('finished');
    expect(readdirSync(`${runFolder}-rounds`).sort()).toEqual([
      'config.json',
      'labels-1',
      'labels-1-rank-0-of-1.done',
      'labels-2',
      'labels-2-rank-0-of-1.done',
      'round-1',
      'round-2',
    ]);
    const yaml = (folder: string) => readFileSync(join(folder, 'config.yaml'), 'utf8');
    expect(yaml(join(`${runFolder}-rounds`, 'round-1'))).toContain('labels: coarse');
    expect(yaml(join(`${runFolder}-rounds`, 'round-2'))).toContain('labels-1');
    expect(yaml(runFolder)).toContain('labels-2');
    expect(yaml(runFolder)).toContain('fill: null');
    expect(readRun(runFolder).lastCheckpoint?.step).toBe(40);
  });

  // A run asks whether to stop after each of the 40 steps of its first round, and then before each image that is filled.
  test.each([
    ['a round', 50],
    ['filling', 43],
  ])('that is interrupted in %s continues to the same losses', async (_, question) => {
    const [whole, broken] = ['whole', 'broken'].map((name) =>
      playground.runFolder(`rounds-${name}-${question}`),
    ) as [string, string];
    await trainFilled(config(), { runFolder: whole, environment: null });
    let steps = 0;
    const shouldStop = () => ++steps === question;
    const outcome = await trainFilled(config(), { runFolder: broken, environment: null, shouldStop });
    expect(outcome).toBe('interrupted');
    expect(existsSync(broken)).toBe(false);
    await trainFilled(config(), { runFolder: broken, environment: null });
    const losses = (folder: string) =>
      readRun(folder)
        .metrics.filter(({ split }) => split === 'train')
        .map(({ values }) => (values as { loss: number }).loss);
    expect(losses(broken)).toEqual(losses(whole));
  });

  test('begins a round anew that was killed before its first checkpoint', async () => {
    const runFolder = playground.runFolder('rounds-killed');
    const stage = join(`${runFolder}-rounds`, 'round-1');
    let stopped = false;
    const onEvent = () => {
      if (!existsSync(join(stage, 'config.yaml')) || stopped) return;
      stopped = true;
      throw new Error('killed');
    };
    await expect(trainFilled(config(), { runFolder, environment: null, onEvent })).rejects.toThrow('killed');
    expect(existsSync(stage)).toBe(true);
    expect(await trainFilled(config(), { runFolder, environment: null })).toBe('finished');
  });

  test('is refused by what would leave the rounds out', async () => {
    const runFolder = playground.runFolder('without-rounds');
    await expect(trainRun(config(), { runFolder, environment: null })).rejects.toThrow(
      'fill: this config trains on labels that rounds before it fill; train it with trainFilled of coarsely/fill',
    );
  });

  test('refuses rounds of another config', async () => {
    const runFolder = playground.runFolder('rounds-other');
    mkdirSync(`${runFolder}-rounds`, { recursive: true });
    writeFileSync(join(`${runFolder}-rounds`, 'config.json'), '{}\n');
    await expect(trainFilled(config(), { runFolder, environment: null })).rejects.toThrow(
      'rounds-other-rounds: holds rounds of another config; give this run another name (--name), or remove the folder',
    );
  });

  test('trains the whole network on labels that the run it starts from fills', async () => {
    const { model, ...rest } = quickConfig(playground.root, schedule);
    const { training, data } = smallConfig(playground.root, {
      training: { iterations: 2, evaluateEvery: 2 },
    });
    const full: Config = configSchema.parse({
      ...rest,
      ...{ quick: null, training, data: { ...data, clean: null }, fill: { rounds: 1 } },
      model: { ...model, backbone: { kind: 'resnet18' }, weights: quickRun },
    });
    const runFolder = playground.runFolder('full-filled');
    await trainFilled(full, { runFolder, environment: null });
    expect(readFileSync(join(runFolder, 'config.yaml'), 'utf8')).toContain('labels-1');
    await expect(
      trainFilled(
        { ...full, model: { ...full.model, weights: null } },
        { runFolder: playground.runFolder('none') },
      ),
    ).rejects.toThrow(
      'fill: the whole network is trained on labels that another run fills; name that run (--init RUN)',
    );
  });
});
