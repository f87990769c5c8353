/** Checks what losses of unlabeled pixels are given in full training, and that runs with them repeat and resume. */

import { openDataset } from 'coarsely/data';
import type { RegionLoss, RegionLossOptions } from 'coarsely/losses';
import { relaxation } from 'coarsely/losses';
import { metricRecords, readRun } from 'coarsely/runs';
import { scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { runTraining } from 'coarsely/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageClasses } from '#data/loader/image-classes.js';
import { colorsOf } from '#training/image-colors.js';
import { regionLossOf, withRelaxedLabels } from '#training/region-losses.js';
import type { StepBatch, TrainingComponents } from '#training/training-components.js';
import { memoryDataset } from '../quick/table-fixture.js';
import { createPlayground, type Playground, smallConfig } from './training-fixtures.js';

let playground: Playground;
beforeAll(async () => {
  playground = await createPlayground();
});
afterAll(() => playground.remove());

const flags = (tensor: Tensor | undefined) => Array.from(tensor?.toTypedArray() ?? [], Number);

test('the classes of an image are those of all of its labels, whatever a crop shows', async () => {
  // Class 2 is in a single pixel.
  const dataset = memoryDataset(2, {
    width: 6,
    height: 4,
    labelOf: (pixel) => (pixel === 0 ? 2 : pixel % 2 ? 0 : 255),
  });
  const found = await imageClasses(dataset);
  expect([...found]).toEqual([1, 0, 1, 1, 0, 1]);
  expect([...(await imageClasses(dataset, { first: 1, step: 2 }))]).toEqual([0, 0, 0, 1, 0, 1]);
  using _inner = scope();
  const given: RegionLossOptions[] = [];
  const loss: RegionLoss = (logitsNCHW, _, options = {}) => {
    given.push(options);
    return logitsNCHW.sum();
  };
  // The second crop shows the left edge of its image mirrored, with a column and a row of padding.
  const batch = {
    labelsNHW: tensorFrom(new Array(12).fill(0), { dtype: 'int64', shape: [2, 2, 3] }),
    origins: [
      { index: 1, left: 0.5, right: 1, top: 0, bottom: 0.5, mirrored: false },
      { index: 0, left: -0.25, right: 0.5, top: 0.5, bottom: 1.5, mirrored: true },
    ],
  } as unknown as StepBatch;
  const components = {
    regionLosses: [{ loss, weight: 1, needs: ['layout', 'candidates'] }],
    imageClasses: tensorFrom(Uint8Array.of(1, 0, 1, 0, 1, 1), { dtype: 'uint8', shape: [2, 3] }).ne(0),
  } as unknown as TrainingComponents;
  const logitsNCHW = tensorFrom(new Array(36).fill(0.5), { dtype: 'float32', shape: [2, 3, 2, 3] });
  expect(regionLossOf(components, { own: { batch, logitsNCHW }, progress: 0.25 })?.item()).toBe(18);
  const [options] = given;
  expect(flags(options?.candidatesNC)).toEqual([0, 1, 1, 1, 0, 1]);
  expect(flags(options?.insideNHW)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
  expect(options?.progress).toBe(0.25);
});

test('colors are the pixels before normalization', () => {
  using _inner = scope();
  const normalization = { mean: [100, 120, 130], std: [50, 60, 70] };
  const colors = [0, 255, 51, 102, 153, 204];
  const normalized = colors.map((value, place) => {
    const channel = Math.floor(place / 2);
    return (value - (normalization.mean[channel] ?? 0)) / (normalization.std[channel] ?? 1);
  });
  const images = tensorFrom(normalized, { dtype: 'float32', shape: [1, 3, 1, 2] });
  const expected = tensorFrom(
    colors.map((value) => value / 255),
    { dtype: 'float32', shape: [1, 3, 1, 2] },
  );
  expect(colorsOf(images, normalization)).toBeAllclose(expected, { absolute: 1e-6 });
  const gray = colorsOf(images.narrow(1, 0, 1), { mean: [100], std: [50] });
  expect(gray.shape).toEqual([1, 3, 1, 2]);
});

test('the pixel loss leaves out what relaxation stands for, and relaxation still sees it', () => {
  using _inner = scope();
  const labelsNHW = tensorFrom([0, 0, 0, 1, 1, 255], { dtype: 'int64', shape: [1, 1, 6] });
  const regionLosses = [{ loss: relaxation({ radius: 1 }), weight: 1, needs: ['layout'] as const }];
  const batch = { labelsNHW } as unknown as StepBatch;
  const relaxed = withRelaxedLabels({ regionLosses } as unknown as TrainingComponents, batch);
  expect(flags(relaxed.labelsNHW)).toEqual([0, 0, 255, 255, 1, 255]);
  expect(relaxed.regionLabelsNHW).toBe(labelsNHW);
  expect(withRelaxedLabels({ regionLosses: [] } as unknown as TrainingComponents, batch)).toBe(batch);
});

test('a run with all of them repeats, and resumes bit for bit, with gradient accumulation', async () => {
  const training = { gradientAccumulationSteps: 2, batchSize: 4, iterations: 4, checkpointEvery: 2 };
  const config = {
    ...smallConfig(playground.root, { training }),
    regionLosses: [
      { kind: 'candidates', weight: 0.5 },
      { kind: 'relaxation', weight: 0.5 },
      { kind: 'gated-crf', weight: 0.1 },
    ],
  };
  const notices: string[] = [];
  const run = async (name: string, { stopAfter = 9, resume = false } = {}) => {
    const runFolder = playground.runFolder(name);
    let steps = 0;
    await runTraining(config, {
      runFolder,
      environment: null,
      resume,
      shouldStop: () => ++steps >= stopAfter,
      onEvent: (event) => event.type === 'notice' && notices.push(event.message),
    });
    return metricRecords(readRun(runFolder), 'train').map(({ step, values }) => [
      step,
      values.loss,
      values.regionLoss,
    ]);
  };
  const whole = await run('whole');
  expect(whole).toHaveLength(4);
  expect(Math.min(...whole.map(([, , loss]) => loss ?? 0))).toBeGreaterThan(0);
  await run('stopped', { stopAfter: 2 });
  expect(await run('stopped', { resume: true })).toEqual(whole);
  // The labels were read once; later runs found what was kept.
  expect(notices.filter((notice) => notice.includes('looking for the classes'))).toHaveLength(1);
  const dataset = await openDataset({
    kind: 'folder',
    root: playground.root,
    split: 'train',
    labels: 'coarse',
  });
  expect(dataset.length).toBe(6);
});
