/** Checks whole runs on images of other channels than RGB: training, resume, evaluation, prediction and report read them alike. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, configSchema, datasetSection } from 'coarsely/config';
import { encodeLabelPng, openDataset, RandomStream, readLabels } from 'coarsely/data';
import { ConfigError } from 'coarsely/errors';
import { evaluate, inferenceOptions, inferLogits, loadRun, predictInputs } from 'coarsely/evaluation';
import { writeReport } from 'coarsely/report';
import { readRun } from 'coarsely/runs';
import { scope, type Tensor } from 'coarsely/torch';
import { runTraining } from 'coarsely/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageReadingOf } from '#config/internal.js';
import { tiff } from '../data/tiff-file.js';

const size = { width: 32, height: 32 };
const classes = [{ name: 'floor' }, { name: 'box' }];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coarsely-channels-'));
  await writeDataset(join(folder, 'five'), 5);
  await writeDataset(join(folder, 'one'), 1);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes images of 12 bits in 16, whose last channel shows the box and whose other channels are noise. */
async function writeDataset(root: string, channels: number): Promise<void> {
  const random = new RandomStream(7, [channels]);
  for (const [split, count] of [
    ['train', 6],
    ['val', 2],
  ] as const) {
    await mkdir(join(root, 'images', split), { recursive: true });
    await mkdir(join(root, 'labels', split), { recursive: true });
    for (let sample = 0; sample < count; sample++) {
      const [left, top] = [2 + random.integer(12), 2 + random.integer(12)];
      const labels = new Uint8Array(size.width * size.height);
      for (let y = top; y < top + 16; y++) labels.fill(1, y * size.width + left, y * size.width + left + 16);
      const values = new Uint16Array(labels.length * channels).map(() => random.integer(4096));
      for (const [pixel, label] of labels.entries()) {
        values[pixel * channels + channels - 1] = 700 + 2200 * label + random.integer(300);
      }
      await writeFile(join(root, 'images', split, `${sample}.tif`), tiff({ ...size, channels, values }));
      await writeFile(join(root, 'labels', split, `${sample}.png`), encodeLabelPng(labels, size));
    }
  }
  await writeFile(join(root, 'classes.json'), JSON.stringify({ classes }));
}

function configOf(name: 'five' | 'one', channels: number): Config {
  const each = <T>(value: T) => Array.from({ length: channels }, () => value);
  return configSchema.parse({
    name,
    threads: 1,
    precision: 'float32',
    data: {
      root: join(folder, name),
      channels,
      imageRange: [0, 4095],
      normalization: { mean: each(127), std: each(70) },
      train: { split: 'train', labels: 'labels' },
      evaluation: { split: 'val', labels: 'labels' },
      augmentation: { cropSize: [32, 32], ratioRange: [1, 1] },
      workers: 1,
    },
    model: {
      backbone: { kind: 'resnet18' },
      head: { kind: 'deeplabv3plus', channels: 32, lowLevelChannels: 16 },
    },
    reweighter: { kind: 'arm' },
    training: { iterations: 8, batchSize: 4, evaluateEvery: 8, checkpointEvery: 8, logEvery: 2 },
  });
}

test.each([
  ['five', 5],
  ['one', 1],
] as const)(
  'images of %s channels train, resume, and are evaluated, predicted and reported',
  async (name, channels) => {
    const config = configOf(name, channels);
    const runFolder = join(folder, 'runs', name);
    let steps = 0;
    expect(await runTraining(config, { runFolder, shouldStop: () => ++steps === 3 })).toBe('interrupted');
    expect(await runTraining(config, { runFolder, resume: true })).toBe('finished');
    const unbroken = join(folder, 'runs', `${name}-unbroken`);
    expect(await runTraining(config, { runFolder: unbroken })).toBe('finished');
    const scores = (run: string) => readRun(run).metrics.filter(({ split }) => split === 'val');
    expect(scores(runFolder)).toEqual(scores(unbroken));

    using run = await loadRun(runFolder);
    const stem = run.model.stateDict().get('backbone.stem.0.conv.weight');
    expect(stem?.shape[1]).toBe(channels);
    const dataset = await openDataset(datasetSection(run.config.data, 'evaluation'));
    const sample = await dataset.read(0);
    const changed = sample.image.map((value, place) =>
      place % channels === channels - 1 ? 255 - value : value,
    );
    const window = { cropSize: [24, 24], stride: [8, 8] } as const;
    const expected: number[][] = [];
    for (const options of [{}, { window }, { scales: [0.5, 1], flip: true }]) {
      const inference = { ...inferenceOptions(run.config), ...options };
      const { images } = await evaluate(run.model, dataset, inference);
      expect(images).toBe(2);
      using _temporaries = scope();
      const [own, other] = [sample, { ...sample, image: changed }].map((one) =>
        inferLogits(run.model, [one], inference),
      ) as [Tensor, Tensor];
      // The last channel reaches the network on every path.
      expect(own.sub(other).abs().max().item()).toBeGreaterThan(1e-6);
      expected.push([...own.argmax(1).toTypedArray()].map(Number));
    }

    const output = join(folder, 'predictions', name);
    const { written, skipped } = await predictInputs(run.model, [join(folder, name, 'images/val')], {
      ...inferenceOptions(run.config),
      images: imageReadingOf(run.config.data),
      output,
      classes: run.classes,
    });
    expect([written.length, skipped.length]).toEqual([2, 0]);
    const list = { classes: run.classes, ignoredValue: 255 };
    const predicted = await readLabels(join(output, 'labels/0.png'), list);
    expect([...predicted.labels]).toEqual(expected[0]);

    const report = await readFile(await writeReport([runFolder], { examples: 1 }), 'utf8');
    expect(report).toContain('data:image/webp');
    expect(report).not.toContain('No pictures of');
  },
);

test('a config states mean and std of as many channels as the images have', () => {
  const data = { root: folder, channels: 4 };
  const message = (given: object) => {
    const { error } = configSchema.safeParse({ name: 'a', data: { ...data, ...given } });
    return error?.issues.map(({ message: text }) => text).join('; ');
  };
  expect(message({})).toContain(
    'expected mean and std of 4 channels; coarsely check DATASET --set data.channels=4',
  );
  expect(message({ normalization: { mean: [1, 2, 3], std: [1, 2, 3] } })).toContain('received 3');
  expect(message({ normalization: { mean: [1, 2, 3, 4], std: [1, 2, 3] } })).toContain(
    'as many numbers as mean',
  );
  const normalization = { mean: [1, 2, 3, 4], std: [1, 2, 3, 4] };
  expect(message({ normalization, imageRange: [[0, 1]] })).toContain(
    'one for each of 4 channels, received 1',
  );
  expect(message({ normalization, imageRange: [5, 1] })).toContain('low below high');
  expect(message({ normalization, imageRange: [0, 4095] })).toBeUndefined();
});

test('a dataset section with a wrong reading is refused', async () => {
  const section = { kind: 'folder', root: join(folder, 'five'), split: 'val', labels: 'labels' };
  expect(() => openDataset({ ...section, images: { channels: 0 } })).toThrow(ConfigError);
  const five = await openDataset({ ...section, images: { channels: 5, range: [0, 4095] } });
  expect([five.channels, (await five.read(0)).image.length]).toEqual([5, 5 * 32 * 32]);
});
