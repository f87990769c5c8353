import type { Sample, SegmentationDataset } from 'coarsely/data';
import { evaluate } from 'coarsely/evaluation';
import { type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { BrightnessModel } from './brightness-model.js';

interface Scene {
  readonly width: number;
  readonly bright: readonly boolean[];
  readonly labels: readonly number[] | null;
}

/** A data set in memory: each pixel of an image is black or white. */
function datasetOf(scenes: readonly Scene[]): SegmentationDataset {
  return {
    classes: [
      { name: 'dark', color: [0, 0, 0] },
      { name: 'bright', color: [255, 255, 255] },
    ],
    length: scenes.length,
    name: (index) => `scene-${index}`,
    read: async (index): Promise<Sample> => {
      const { width, bright, labels } = scenes[index] as Scene;
      return {
        name: `scene-${index}`,
        width,
        height: bright.length / width,
        image: Uint8Array.from(bright.flatMap((on) => Array(3).fill(on ? 255 : 0))),
        labels: labels === null ? null : Uint8Array.from(labels),
      };
    },
  };
}

const scenes: Scene[] = [
  { width: 2, bright: [true, true, false, false], labels: [1, 1, 0, 0] },
  { width: 2, bright: [true, false, false, false], labels: [1, 1, 255, 0] },
  { width: 3, bright: [true, true, true], labels: [0, 1, 1] },
];

describe('evaluate', () => {
  test('scores whole images of any size at label resolution', async () => {
    const model = new BrightnessModel();
    const result = await evaluate(model, datasetOf(scenes), { precision: 'float32' });
    // True 0: 3 right, 1 taken for 1; true 1: 5 right, 1 taken for 0.
    expect(result.aAcc).toBe(8 / 10);
    expect(result.mIoU).toBeCloseTo((3 / 5 + 5 / 7) / 2, 12);
    expect(result.perClass.map((one) => one.name)).toEqual(['dark', 'bright']);
    expect(result.images).toBe(3);
    expect(model.calls.map(({ shape }) => shape)).toEqual([
      [1, 3, 2, 2],
      [1, 3, 2, 2],
      [1, 3, 1, 3],
    ]);
  });

  test('runs in evaluation mode and restores the mode, also after an error', async () => {
    const model = new BrightnessModel();
    await evaluate(model, datasetOf(scenes), { precision: 'float32' });
    expect(model.calls.every(({ training }) => !training)).toBe(true);
    expect(model.training).toBe(true);
    const bad = datasetOf([{ width: 1, bright: [true], labels: [5] }]);
    await expect(evaluate(model, bad, { precision: 'float32' })).rejects.toThrow(
      /scene-0: .*label 5 is no class/,
    );
    expect(model.training).toBe(true);
  });

  test('batches neighbors of one size without a change in the result', async () => {
    const model = new BrightnessModel();
    const one = await evaluate(new BrightnessModel(), datasetOf(scenes), { precision: 'float32' });
    const batched = await evaluate(model, datasetOf(scenes), { precision: 'float32', batchSize: 2 });
    expect(batched).toEqual(one);
    expect(model.calls.map(({ shape }) => shape[0])).toEqual([2, 1]);
  });

  test('reports its progress and stops on request', async () => {
    const progress: number[] = [];
    const result = await evaluate(new BrightnessModel(), datasetOf(scenes), {
      precision: 'float32',
      onProgress: ({ done }) => progress.push(done),
      shouldStop: () => progress.length === 2,
    });
    expect(progress).toEqual([1, 2]);
    expect(result).toMatchObject({ images: 2, stopped: true });
  });

  test('scores boundaries on request, over images of any size', async () => {
    const options = { precision: 'float32' as const, batchSize: 2 };
    const plain = await evaluate(new BrightnessModel(), datasetOf(scenes), options);
    expect(plain).toMatchObject({ boundaryF1: null, trimapMIoU: null });
    expect(plain.perClass.map((one) => one.boundaryF1)).toEqual([null, null]);

    const model = new BrightnessModel();
    const outlined = await evaluate(model, datasetOf(scenes), { ...options, boundary: true });
    expect(outlined).toMatchObject({ aAcc: plain.aAcc, mIoU: plain.mIoU, images: 3 });
    // Boundary pixels in the three images, of either class: 2, 1 and 1 true ones, 2, 1 and 0 predicted. All predicted
    // are true within a pixel, and all true ones are met but those of the last image.
    const score = (2 * (3 / 4)) / (1 + 3 / 4);
    expect(outlined.perClass.map((one) => one.boundaryF1)).toEqual([score, score]);
    expect(outlined.boundaryF1).toBe(score);
    expect(outlined.trimapMIoU?.map(({ width }) => width)).toEqual([1, 2, 4, 8, 16]);
    // The images are so small that the widest bands hold all of them.
    expect(outlined.trimapMIoU?.at(-1)?.mIoU).toBe(plain.mIoU);
  });

  test('predicts at the given scales, with mirror images', async () => {
    const model = new BrightnessModel();
    const options = { precision: 'float32' as const, scales: [1, 2], flip: true };
    const result = await evaluate(model, datasetOf(scenes.slice(0, 1)), options);
    expect(result.aAcc).toBe(1);
    expect(model.calls.map(({ shape }) => shape.slice(2))).toEqual([
      [2, 2],
      [2, 2],
      [4, 4],
      [4, 4],
    ]);
  });

  test('names an image without labels, and passes on a reading error', async () => {
    const model = new BrightnessModel();
    const unlabeled = datasetOf([...scenes, { width: 1, bright: [true], labels: null }]);
    await expect(evaluate(model, unlabeled)).rejects.toThrow('scene-3: expected labels to evaluate on');
    const broken = { ...datasetOf(scenes), read: () => Promise.reject(new Error('a.png: truncated')) };
    await expect(evaluate(model, broken)).rejects.toThrow('a.png: truncated');
  });
});

describe('evaluate on several processes', () => {
  /** One process after the other: the first ones' counts are kept, the last one adds them to its own. */
  async function evaluateOn(worldSize: number, boundary: boolean) {
    const sums: bigint[][] = [];
    let result: Awaited<ReturnType<typeof evaluate>> | undefined;
    for (let rank = worldSize - 1; rank >= 0; rank -= 1) {
      let place = 0;
      const allReduce_ = (tensor: Tensor) => {
        const counts = [...(tensor.toTypedArray() as BigInt64Array)];
        sums[place] = counts.map((count, at) => count + (sums[place]?.[at] ?? 0n));
        tensor.copy_(
          tensorFrom(BigInt64Array.from(sums[place] ?? []), { dtype: 'int64', shape: tensor.shape }),
        );
        place += 1;
      };
      const processGroup = {
        rank,
        worldSize,
        allReduce_: (tensor: Tensor) => tidy(() => allReduce_(tensor)),
      };
      result = await evaluate(new BrightnessModel(), datasetOf(scenes), {
        precision: 'float32',
        boundary,
        processGroup,
      });
    }
    return result;
  }

  test.each([2, 3, 5])('%i score every image once, and exactly', async (worldSize) => {
    for (const boundary of [false, true]) {
      const alone = await evaluate(new BrightnessModel(), datasetOf(scenes), {
        precision: 'float32',
        boundary,
      });
      expect(await evaluateOn(worldSize, boundary)).toEqual(alone);
    }
  });
});
