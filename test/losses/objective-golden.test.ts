/**
 * Compares class weights, label smoothing and the losses of regions with PyTorch and with plain loops in float64
 * (`objective-golden.py` wrote the numbers).
 */
import { readFileSync } from 'node:fs';
import {
  balancedClassWeights,
  crossEntropy,
  dice,
  type RegionLoss,
  reduceLosses,
  regionLosses,
  rootBalancedClassWeights,
  smoothedCrossEntropy,
} from 'coarsely/losses';
import { autocast, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { classWeightingOf, withClassWeights } from '#training/class-weighting.js';
import { labelTotals } from '#training/label-totals.js';

interface Entry {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Expected {
  readonly loss: number;
  readonly logitsGradient: Entry;
}

interface Golden {
  readonly logits: Entry;
  readonly labels: Entry;
  readonly classWeights: readonly number[];
  readonly crossEntropy: readonly (Expected & {
    readonly weighted: boolean;
    readonly labelSmoothing: number;
  })[];
  readonly regions: readonly (Expected & { readonly kind: string; readonly options: object })[];
}

const golden = JSON.parse(readFileSync(new URL('objective-golden.json', import.meta.url), 'utf8')) as Golden;
const float = ({ data, shape }: Entry) => tensorFrom(data, { dtype: 'float32', shape });
const rounding = { absolute: 2e-6, relative: 2e-5 };

function batch() {
  const logitsNCHW = float(golden.logits).requiresGrad_();
  const labelsNHW = tensorFrom(golden.labels.data, { dtype: 'int64', shape: golden.labels.shape });
  return { logitsNCHW, labelsNHW, validNHW: labelsNHW.ne(255) };
}

/** Is the kinds that compare the regions of labels; those of unlabeled pixels have a test of their own. */
const kinds = regionLosses.kinds().filter((kind) => regionLosses.get(kind).needs === undefined);

/** Returns a region loss of the config's kind. */
function regionLossOf(kind: string, options: object = {}): RegionLoss {
  const component = regionLosses.get(kind);
  return component.create(component.options.parse(options), {});
}

function expectGolden(loss: Tensor, logitsNCHW: Tensor, expected: Expected): void {
  expect(loss.item()).toBeCloseTo(expected.loss, 5);
  loss.backward();
  expect(logitsNCHW.grad as Tensor).toBeAllclose(float(expected.logitsGradient), rounding);
}

describe('cross-entropy is F.cross_entropy', () => {
  test.each(golden.crossEntropy)('weights $weighted, smoothing $labelSmoothing', (expected) => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW, validNHW } = batch();
    const loss = smoothedCrossEntropy({ labelSmoothing: expected.labelSmoothing });
    const classWeights = expected.weighted
      ? tensorFrom(golden.classWeights, { dtype: 'float32', shape: [5] })
      : null;
    const totals = labelTotals({ classWeights, reweighter: null }, labelsNHW);
    const weighting = classWeightingOf(classWeights, { labelsNHW, validNHW, totals });
    const lossesNHW = withClassWeights(
      loss(logitsNCHW, labelsNHW, classWeights ? { classWeights } : {}),
      weighting,
      loss,
    );
    expectGolden(reduceLosses(lossesNHW, validNHW), logitsNCHW, expected);
  });

  test('without smoothing it is the fused one', () => {
    expect(smoothedCrossEntropy()).toBe(crossEntropy);
    expect(() => smoothedCrossEntropy({ labelSmoothing: 1 })).toThrow('labelSmoothing');
  });
});

describe('losses of regions', () => {
  test.each(
    golden.regions.map((entry) => ({ ...entry, name: `${entry.kind} ${JSON.stringify(entry.options)}` })),
  )('$name is the plain loop', ({ kind, options, ...expected }) => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW } = batch();
    expectGolden(regionLossOf(kind, options)(logitsNCHW, labelsNHW), logitsNCHW, expected);
  });

  test.each(kinds)('%s: its gradient is the slope of its values', (kind) => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW } = batch();
    const loss = regionLossOf(kind);
    loss(logitsNCHW, labelsNHW).backward();
    const gradient = (logitsNCHW.grad as Tensor).toTypedArray();
    const values = [...golden.logits.data];
    const step = 1e-2;
    let largest = 0;
    for (let index = 0; index < values.length; index += 3) {
      const moved = (by: number) => {
        const data = values.map((value, at) => (at === index ? value + by : value));
        return loss(float({ ...golden.logits, data }), labelsNHW).item();
      };
      const slope = (moved(step) - moved(-step)) / (2 * step);
      largest = Math.max(largest, Math.abs(slope));
      expect(Math.abs(Number(gradient[index]) - slope)).toBeLessThan(5e-5);
    }
    expect(largest).toBeGreaterThan(2e-3);
  });

  test.each(kinds)('%s: 0 where all is right, 1 where all is wrong', (kind) => {
    using _inner = scope();
    const labelsNHW = tensorFrom([0, 1, 255, 1], { dtype: 'int64', shape: [1, 2, 2] });
    const logits = (right: number) =>
      tensorFrom([right, -right, 0, -right, -right, right, 0, right], {
        dtype: 'float32',
        shape: [1, 2, 2, 2],
      });
    const options = kind === 'dice' ? { smooth: 1e-6 } : {};
    expect(regionLossOf(kind, options)(logits(50), labelsNHW).item()).toBeCloseTo(0, 5);
    expect(regionLossOf(kind, options)(logits(-50), labelsNHW).item()).toBeCloseTo(1, 5);
  });

  test.each(kinds)('%s: no labeled pixel, no loss and no gradient', (kind) => {
    using _inner = scope();
    const { logitsNCHW } = batch();
    const labelsNHW = tensorFrom(
      golden.labels.data.map(() => 255),
      {
        dtype: 'int64',
        shape: golden.labels.shape,
      },
    );
    for (const classes of ['present', 'all']) {
      const loss = autocast({ dtype: 'bfloat16' }, () =>
        regionLossOf(kind, { classes })(logitsNCHW, labelsNHW),
      );
      expect(loss.dtype).toBe('float32');
      expect(loss.item()).toBe(0);
      loss.backward();
      expect((logitsNCHW.grad as Tensor).abs().max().item()).toBe(0);
      logitsNCHW.zeroGrad_();
    }
  });

  test('an image counts the same in any batch', () => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW } = batch();
    for (const kind of kinds) {
      const loss = regionLossOf(kind);
      const parts = [0, 1, 2].map((first) =>
        loss(logitsNCHW.narrow(0, first, 1), labelsNHW.narrow(0, first, 1)).item(),
      );
      const mean = parts.reduce((sum, part) => sum + part, 0) / 3;
      expect(loss(logitsNCHW, labelsNHW).item()).toBeCloseTo(mean, 6);
    }
  });

  test('say which shape they expected', () => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW } = batch();
    expect(() => dice()(logitsNCHW, labelsNHW.narrow(2, 0, 3))).toThrow('dice: expected labels [3,4,6]');
    expect(() => dice({ smooth: 0 })).toThrow('dice: expected smooth');
  });
});

test('balanced weights give all classes the same share of the pixels', () => {
  const counts = [600, 300, 0, 100];
  const weights = balancedClassWeights(counts);
  expect(weights).toEqual([1000 / 1800, 1000 / 900, 1, 1000 / 300]);
  const shares = counts.map((count, index) => count * (weights[index] ?? 0));
  expect(shares.filter((share) => share > 0).every((share) => Math.abs(share - 1000 / 3) < 1e-9)).toBe(true);
  expect(() => balancedClassWeights([0, 0])).toThrow('expected labeled pixels');
});

test('root-balanced weights give classes shares in proportion to the roots of their counts', () => {
  // √: 8, 4, 0 and 2 of 14; 84 pixels.
  const counts = [64, 16, 0, 4];
  const weights = rootBalancedClassWeights(counts);
  expect(weights).toEqual([84 / (8 * 14), 84 / (4 * 14), 1, 84 / (2 * 14)]);
  const mean = counts.reduce((sum, count, index) => sum + count * (weights[index] ?? 0), 0) / 84;
  expect(mean).toBeCloseTo(1, 12);
  expect(() => rootBalancedClassWeights([0, 0])).toThrow('rootBalancedClassWeights: expected labeled pixels');
});
