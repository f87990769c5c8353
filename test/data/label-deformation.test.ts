/** Tests that labels move as a smooth random field says, within its amplitude, and that nothing else moves. */

import {
  type Augmentation,
  augmentationOptions,
  BatchLoader,
  deformLabels,
  imageNetNormalization,
  type LabelDeformation,
  RandomStream,
  type SegmentationDataset,
} from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { SampleProducer } from '#data/loader/sample-producer.js';
import { smallDataset } from './dataset-folder.js';

const always: LabelDeformation = { amplitude: 6, scale: 12, probability: 1 };
const size = { width: 120, height: 90 } as const;

/** Returns from which column, or row, each label of a map comes. */
function sourcesOf(axis: 'x' | 'y', { seed = 0, deformation = always } = {}): Uint8Array {
  const { width, height } = size;
  const labels = Uint8Array.from({ length: width * height }, (_, at) =>
    axis === 'x' ? at % width : Math.floor(at / width),
  );
  deformLabels(labels, { ...size, deformation, random: new RandomStream(seed, [1]) });
  return labels;
}

/** The cubic B-spline of knots at whole numbers, by the recursion of de Boor. */
function spline(t: number, degree = 3): number {
  if (degree === 0) return t >= 0 && t < 1 ? 1 : 0;
  const up = (t / degree) * spline(t, degree - 1);
  return up + ((degree + 1 - t) / degree) * spline(t - 1, degree - 1);
}

describe('the field', () => {
  it('is a cubic B-spline over control points within the amplitude', () => {
    const { width, height } = size;
    const { amplitude, scale } = always;
    const random = new RandomStream(3, [1]);
    expect(random.chance(1)).toBe(true);
    const columns = Math.floor((width - 1) / scale) + 4;
    const rows = Math.floor((height - 1) / scale) + 4;
    const controls = Array.from({ length: rows * columns }, () => random.uniform(-amplitude, amplitude));
    const moved = sourcesOf('x', { seed: 3 });
    for (const [x, y] of [
      [0, 0],
      [59, 44],
      [60, 48],
      [119, 89],
      [13, 71],
    ] as const) {
      let displacement = 0;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const weight = spline(x / scale - column + 3) * spline(y / scale - row + 3);
          displacement += weight * (controls[row * columns + column] as number);
        }
      }
      const expected = Math.min(Math.max(Math.round(x + displacement), 0), width - 1);
      expect(moved[y * width + x]).toBe(expected);
    }
  });

  it('moves no label by more than the amplitude, and by a quarter of it on average', () => {
    const { width } = size;
    const squares = { x: 0, y: 0 };
    let count = 0;
    for (let seed = 0; seed < 20; seed++) {
      for (const axis of ['x', 'y'] as const) {
        let most = 0;
        for (const [at, from] of sourcesOf(axis, { seed }).entries()) {
          const own = axis === 'x' ? at % width : Math.floor(at / width);
          most = Math.max(most, Math.abs(from - own));
          squares[axis] += (from - own) ** 2;
          count += 0.5;
        }
        expect(most).toBeLessThanOrEqual(always.amplitude);
      }
    }
    // A uniform control point has a deviation of amplitude / √3, and the spline averages: ∫ B² = 151/315 for each axis.
    const expected = (always.amplitude / Math.sqrt(3)) * (151 / 315);
    for (const axis of ['x', 'y'] as const) {
      expect(Math.sqrt(squares[axis] / count) / expected).toBeGreaterThan(0.85);
      expect(Math.sqrt(squares[axis] / count) / expected).toBeLessThan(1.1);
    }
  });

  it('is smooth: neighbors move alike as the scale says', () => {
    const { width } = size;
    for (const scale of [6, 30]) {
      const moved = sourcesOf('y', { deformation: { ...always, scale } });
      const steepest = (2 * always.amplitude) / scale;
      let most = 0;
      for (let at = 1; at < moved.length; at++) {
        if (at % width === 0) continue;
        most = Math.max(most, Math.abs((moved[at] as number) - (moved[at - 1] as number)));
      }
      expect(most).toBeLessThanOrEqual(Math.ceil(steepest) + 1);
    }
  });

  it('keeps areas on average, and moves the border', () => {
    const { width, height } = size;
    const isInside = (at: number) =>
      Math.hypot((at % width) - width / 2, Math.floor(at / width) - height / 2) < 25;
    const disk = Uint8Array.from({ length: width * height }, (_, at) => (isInside(at) ? 1 : 255));
    const area = disk.filter((label) => label === 1).length;
    let sum = 0;
    let changed = 0;
    const seeds = 200;
    for (let seed = 0; seed < seeds; seed++) {
      const labels = disk.slice();
      deformLabels(labels, { ...size, deformation: always, random: new RandomStream(seed, [2]) });
      sum += labels.filter((label) => label === 1).length;
      changed += labels.filter((label, at) => label !== disk[at]).length;
      expect(labels.every((label) => label === 1 || label === 255)).toBe(true);
    }
    expect(sum / seeds / area).toBeGreaterThan(0.98);
    expect(sum / seeds / area).toBeLessThan(1.02);
    // A band of about the mean displacement along the border.
    expect(changed / seeds / (2 * Math.PI * 25)).toBeGreaterThan(0.5);
    expect(changed / seeds / (2 * Math.PI * 25)).toBeLessThan(3);
  });

  it('is drawn with its probability, and says whether it was', () => {
    const labels = new Uint8Array(size.width * size.height);
    const deformation = { ...always, probability: 0.25 };
    const moved = Array.from({ length: 400 }, (_, seed) =>
      deformLabels(labels, { ...size, deformation, random: new RandomStream(seed, [4]) }),
    );
    const share = moved.filter(Boolean).length / 400;
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.33);
  });
});

const cropped = { ...size, cropSize: [100, 160] as [number, number] };
const still: Augmentation = {
  baseSize: null,
  ratioRange: [1, 1],
  cropSize: cropped.cropSize,
  categoryMaxRatio: 1,
  flip: 0.5,
  colorJitter: true,
};

async function produced(augmentation: Augmentation, seed: number) {
  const { width, height } = size;
  const sample = {
    ...{ name: 'sample', width, height },
    image: Uint8Array.from({ length: 3 * width * height }, (_, at) => (at * 7) % 256),
    labels: Uint8Array.from({ length: width * height }, (_, at) => Math.floor((at % width) / 10)),
  };
  const dataset: SegmentationDataset = {
    ...{ classes: [], channels: 3, length: 1 },
    name: () => sample.name,
    read: async () => sample,
  };
  const [rows, columns] = cropped.cropSize;
  const output = { image: new Float32Array(3 * rows * columns), labels: new Uint8Array(rows * columns) };
  const producer = new SampleProducer(dataset, {
    ...{ augmentation, seed, cacheBytes: 0, normalization: imageNetNormalization },
  });
  const { window } = await producer.produce({ epoch: 0, index: 0, output });
  return { ...output, window, stored: sample.labels };
}

describe('a sample of the loader', () => {
  it.each([0, 1, 2, 3])('has the image and the window that it has without, seed %i', async (seed) => {
    const [plain, moved] = [
      await produced(still, seed),
      await produced({ ...still, labelDeformation: always }, seed),
    ];
    expect(moved.image).toEqual(plain.image);
    expect(moved.window).toEqual(plain.window);
    expect(moved.labels).not.toEqual(plain.labels);
    // Padding keeps its place, and the labels of the map are not mixed with it.
    const changes = Array.from(moved.labels, (label, at) => Math.abs(label - (plain.labels[at] as number)));
    expect(Math.max(...changes)).toBe(1);
    expect(moved.labels.map((label) => (label === 255 ? 1 : 0))).toEqual(
      plain.labels.map((label) => (label === 255 ? 1 : 0)),
    );
  });

  it('is what it was where the option is null or its probability 0', async () => {
    const plain = await produced(still, 7);
    const off = await produced({ ...still, labelDeformation: null }, 7);
    const never = await produced({ ...still, labelDeformation: { ...always, probability: 0 } }, 7);
    for (const other of [off, never]) {
      expect(other.labels).toEqual(plain.labels);
      expect(other.image).toEqual(plain.image);
    }
    expect(augmentationOptions.parse({}).labelDeformation).toBeNull();
  });
});

it('moves the labels of batches alike for any number of workers, and otherwise in the next pass', async () => {
  const root = await smallDataset(4);
  const augmentation = augmentationOptions.parse({
    ...{ cropSize: [32, 32], ratioRange: [4, 4], flip: 0, colorJitter: false, categoryMaxRatio: 1 },
    labelDeformation: { amplitude: 5, scale: 8, probability: 1 },
  });
  const labelsOf = async (workers: number) => {
    const loader = new BatchLoader({
      ...{ dataset: { kind: 'folder', root }, augmentation, batchSize: 4, seed: 11, workers },
    });
    const all: number[][] = [];
    for (const step of [0, 1, 2]) {
      const batch = await loader.next(step);
      all.push(Array.from(batch.labels));
      batch.release();
    }
    await loader.close();
    return all;
  };
  const inline = await labelsOf(0);
  expect(await labelsOf(2)).toEqual(inline);
  expect(inline[0]).not.toEqual(inline[1]);
});
