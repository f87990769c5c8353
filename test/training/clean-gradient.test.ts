/** Compares what a clean learner measures on a real network in float32 with autograd. */
import { BatchLoader } from 'coarsely/data';
import type { CleanStep } from 'coarsely/reweighting';
import { Generator, rand, scope, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { Trainer } from 'coarsely/training';
import { expect, test } from 'vitest';
import { cleanAlignment } from '#reweighting/clean-alignment.js';
import { learnFromClean } from '#training/learn-from-clean.js';
import { createPlayground, smallConfig } from './training-fixtures.js';

function gradients(loss: Tensor, { parameters }: CleanStep): (Tensor | null)[] {
  loss.backward();
  return parameters.map((parameter) => {
    const { grad } = parameter;
    parameter.zeroGrad_();
    return grad;
  });
}

const inner = (left: (Tensor | null)[], right: (Tensor | null)[]) =>
  left.reduce((sum, tensor, place) => {
    const other = right[place];
    return sum + (tensor && other ? tensor.mul(other).sum().item() : 0);
  }, 0);

/** Pearson's. */
function correlation(left: readonly number[], right: readonly number[]): number {
  const centered = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [a, b] = [centered(left), centered(right)];
  const dot = (one: readonly number[], other: readonly number[]) =>
    one.reduce((sum, value, place) => sum + value * (other[place] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

test('alignments are inner products of gradients, through batch normalization and dropout', async () => {
  const playground = await createPlayground();
  const config = smallConfig(playground.root);
  const batchOf = async (labels: string) => {
    const loader = new BatchLoader({
      dataset: { kind: 'folder', root: playground.root, split: 'train', labels },
      augmentation: config.data.augmentation,
      batchSize: 4,
      seed: labels.length,
      workers: 0,
    });
    const { images, labels: classes, height, width } = await loader.next(0);
    await loader.close();
    return {
      imagesNCHW: tensorFrom(images, { dtype: 'float32', shape: [4, 3, height, width] }),
      labelsNHW: tidy(() =>
        tensorFrom(classes, { dtype: 'uint8', shape: [4, height, width] }).to({ dtype: 'int64' }),
      ),
    };
  };
  const hosts = [await batchOf('coarse'), await batchOf('fine')] as const;
  const trainer = new Trainer(config, { classCount: 8, datasetLength: 6 });
  {
    using _outer = scope();
    const [batch, clean] = hosts;
    const learn = (step: CleanStep) => {
      using generator = new Generator(1);
      const weights = rand(batch.labelsNHW.shape, { dtype: 'float32', generator });
      const direction = gradients(step.cleanLoss(), step);
      const expected = inner(direction, gradients(step.losses().lossesNHW.mul(weights).sum(), step));
      // Without a rate there is no virtual step: both gradients are at the same parameters.
      const still = { ...step, learningRate: 0 };
      const { alignmentNHW } = cleanAlignment(still, { weigh: (lossesNHW) => lossesNHW.mul(0) });
      const measured = alignmentNHW.mul(weights).sum().item();
      expect(Math.abs(expected)).toBeGreaterThan(1);
      expect(Math.abs(measured / expected - 1)).toBeLessThan(0.1);

      const valid = [...step.losses().validNHW.toTypedArray()].flatMap((is, place) => (is ? [place] : []));
      const pixels = Array.from(
        { length: 8 },
        (_, i) => valid[Math.floor(((i + 0.5) / 8) * valid.length)] ?? 0,
      );
      const alone = pixels.map((pixel) =>
        inner(direction, gradients(step.losses().lossesNHW.flatten().select(0, pixel), step)),
      );
      const aligned = alignmentNHW.flatten().toTypedArray();
      expect(
        correlation(
          alone,
          pixels.map((pixel) => Number(aligned[pixel])),
        ),
      ).toBeGreaterThan(0.99);
    };
    const { generator } = trainer.components;
    learnFromClean(trainer.components, { learner: { learn }, batch, clean, learningRate: 0.02, generator });
  }
  for (const { imagesNCHW, labelsNHW } of hosts)
    for (const tensor of [imagesNCHW, labelsNHW]) tensor.dispose();
  trainer.dispose();
  await playground.remove();
});
