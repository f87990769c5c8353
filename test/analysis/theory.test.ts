import { compareWithTheory, type ModelWithObjective, measureImage } from 'coarsely/analysis';
import { crossEntropy } from 'coarsely/losses';
import { ClosedFormArm, LinearArm, reweighters, variance } from 'coarsely/reweighting';
import { Generator, randn } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { PixelCollector } from '#analysis/pixel-sample.js';
import { binCenter, binCount, binOf, statisticsOf } from '#analysis/pixel-statistics.js';
import { recordedRun } from '#analysis/run-statistics.js';
import { statisticsWith } from './known-statistics.js';

describe('compareWithTheory', () => {
  // Eq. 10 and 12: with p = 2 weights go as the losses, with p = 3 as their square roots.
  const losses = [1.2, 0.6, 0.1];
  test.each([
    [2, losses],
    [3, losses.map(Math.sqrt)],
  ])('p = %i: weights of the theory correlate perfectly', (p, best) => {
    const curve = compareWithTheory(statisticsWith(losses, best), p);
    const mean = best.reduce((sum, value) => sum + value, 0) / 3;
    expect(curve.confidence).toEqual([2, 20, 38].map(binCenter));
    for (const share of curve.pixelShare) expect(share).toBeCloseTo(1 / 3, 6);
    for (const [place, value] of best.entries()) {
      expect(curve.theory[place]).toBeCloseTo(value / mean, 5);
      expect(curve.weight[place]).toBeCloseTo(value / mean, 5);
    }
    expect(curve.correlation).toBeCloseTo(1, 5);
  });

  test('the opposite weights correlate negatively, uniform ones not at all', () => {
    expect(compareWithTheory(statisticsWith([2, 1, 0], [0, 1, 2]), 2).correlation).toBeCloseTo(-1, 5);
    expect(compareWithTheory(statisticsWith([2, 1, 0], [1, 1, 1]), 2).correlation).toBeNull();
  });

  test('a negative mean loss deserves no weight', () => {
    expect(compareWithTheory(statisticsWith([1, 0.5, -0.2], [1, 0.5, 0]), 2).theory[2]).toBe(0);
  });

  test('p = 1 has no curve', () => {
    expect(() => compareWithTheory(statisticsWith([1, 1, 1], [1, 1, 1]), 1)).toThrow('expected p > 1');
  });
});

test.each([2, 3] as const)(
  'ARM in closed form, p = %i, gives the weights that its statistics predict',
  (p) => {
    const generator = new Generator(4);
    const [height, width] = [40, 50];
    const noise = randn([1, 5, height, width], { dtype: 'float32', generator });
    const logits = noise.mul(2);
    noise.dispose();
    const arm = new ClosedFormArm({ p, bins: binCount, momentum: 0 });
    const model: ModelWithObjective = {
      model: { training: false, train: () => undefined, forward: () => ({ logitsNCHW: logits.clone() }) },
      pixelLoss: crossEntropy,
      confidence: variance,
      reweighter: arm,
      inference: {},
    };
    const trainingLabels = Uint8Array.from({ length: height * width }, (_, pixel) => pixel % 5);
    const sample = {
      name: 'noise',
      width,
      height,
      image: new Uint8Array(3 * height * width),
      labels: trainingLabels,
    };
    // In training mode it learns the image's own losses; then it is only looked at.
    arm.train();
    measureImage(model, sample, { trainingLabels, index: 0 });
    arm.eval();
    const collector = new PixelCollector();
    collector.add({
      maps: measureImage(model, sample, { trainingLabels, index: 0 }),
      trainingLabels,
      fineLabels: null,
    });
    const curve = compareWithTheory(statisticsOf(collector.pixels()), p);
    expect(curve.correlation).toBeGreaterThan(0.99);
    for (const part of [logits, arm, generator]) part.dispose();
  },
);

describe('the order of a recorded run', () => {
  const orderOf = (reweighter: object | null) => {
    const line = {
      step: 7,
      split: 'statistics' as const,
      values: statisticsWith([1.2, 0.6, 0.1], [1, 0.8, 0.2]),
    };
    const configYaml = JSON.stringify({ name: 'recorded', reweighter });
    const run = { folder: 'somewhere', configYaml, metrics: [line], lastCheckpoint: null };
    return recordedRun(run, 'recorded')?.p;
  };

  test('is what its reweighter climbs under, by default or by its config', () => {
    expect(orderOf({ kind: 'arm' })).toBe(2);
    expect(orderOf({ kind: 'arm', p: 3 })).toBe(3);
    expect(orderOf({ kind: 'arm', p: 1 })).toBe(1);
    expect(orderOf({ kind: 'closed-form-arm', p: 3 })).toBe(3);
  });

  test('is none where weights do not climb, whatever their options are called', () => {
    reweighters.register({
      kind: 'theory-test-own',
      options: z.strictObject({ p: z.number() }),
      create: () => new LinearArm(),
    });
    expect(orderOf({ kind: 'linear-arm', p: 2 })).toBeNull();
    expect(orderOf({ kind: 'theory-test-own', p: 2 })).toBeNull();
    expect(orderOf({ kind: 'of-another-version', p: 2 })).toBeNull();
    expect(orderOf({ kind: 'arm', p: 7 })).toBeNull();
    expect(orderOf(null)).toBeNull();
  });
});

test('intervals and their middles agree', () => {
  for (let bin = 0; bin < binCount; bin += 1) expect(binOf(binCenter(bin))).toBe(bin);
});
