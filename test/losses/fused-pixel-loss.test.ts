/** Compares the fused pass with the operators that it replaces: equal to rounding, for all sizes, layouts and types. */
import { crossEntropy, focal, fusedPixelLoss, gce, kl, smoothedCrossEntropy } from 'coarsely/losses';
import { resizeBilinear } from 'coarsely/nn';
import { entropy, logVariance, variance } from 'coarsely/reweighting';
import { autocast, scope, setThreads, type Tensor, tensorFrom, threads } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import {
  type FusedCase,
  fusedBatch,
  fusedConfidences,
  fusedLosses,
  gradientOf,
  plainMaps,
} from './fused-batch.js';

const cases: readonly FusedCase[] = [
  { name: 'four times the size', logits: [2, 19, 5, 7], labels: [20, 28] },
  {
    name: 'odd sizes, no whole factor, NCHW',
    logits: [1, 3, 6, 5],
    labels: [13, 9],
    memoryFormat: 'contiguous',
  },
  { name: '150 classes', logits: [2, 150, 4, 9], labels: [17, 33] },
  { name: '17 classes over several tiles', logits: [1, 17, 9, 300], labels: [20, 1000] },
  { name: 'one class', logits: [1, 1, 3, 3], labels: [9, 9] },
  { name: 'two classes, fewer labels than logits', logits: [2, 2, 8, 9], labels: [4, 5] },
  { name: 'one row of logits, one column of labels', logits: [1, 4, 1, 6], labels: [5, 1] },
  { name: 'wider, as high', logits: [1, 6, 8, 5], labels: [8, 20] },
  { name: 'higher, as wide', logits: [1, 6, 5, 20], labels: [11, 20], memoryFormat: 'contiguous' },
  { name: 'same size', logits: [2, 19, 6, 37], labels: [6, 37] },
  { name: 'same size, NCHW', logits: [2, 19, 6, 37], labels: [6, 37], memoryFormat: 'contiguous' },
  { name: 'all alike', logits: [1, 5, 4, 4], labels: [8, 8], scale: 0 },
  { name: 'no labeled pixel', logits: [2, 7, 3, 5], labels: [12, 20], ignored: () => true },
  { name: 'one image without labels', logits: [2, 7, 3, 5], labels: [12, 20], ignored: (i) => i < 240 },
  { name: 'logits around 1e4', logits: [1, 19, 4, 5], labels: [16, 20], scale: 1e4 },
  { name: 'bfloat16', logits: [2, 19, 5, 7], labels: [20, 28], dtype: 'bfloat16' },
  {
    name: 'bfloat16, same size, NCHW',
    logits: [1, 9, 7, 20],
    labels: [7, 20],
    dtype: 'bfloat16',
    memoryFormat: 'contiguous',
  },
  { name: 'float16, same size', logits: [1, 9, 7, 20], labels: [7, 20], dtype: 'float16' },
];

const digits = { float32: 1e-6, bfloat16: 1e-2, float16: 1e-3 };

describe.each(cases)('$name', (given) => {
  // The rounding of logits of this size, and so of losses; several pixels add up in one gradient.
  const rounding = 4e-7 * (8 + 4 * (given.scale ?? 3));

  test.each(fusedLosses)('%s', (_, loss) => {
    using _inner = scope();
    for (const [, confidence] of fusedConfidences) {
      const [one, other] = [fusedBatch(given), fusedBatch(given)];
      const fused = fusedPixelLoss(one.logitsNCHW, one.labelsNHW, { loss, confidence });
      const plain = plainMaps(other, { loss, confidence });
      const confidenceNHW = fused.confidenceNHW as Tensor;
      expect(fused.lossesNHW.dtype).toBe('float32');
      expect(fused.lossesNHW).toBeAllclose(plain.lossesNHW, { absolute: rounding });
      expect(confidenceNHW).toBeAllclose(plain.confidenceNHW, { absolute: rounding });
      expect(confidenceNHW.requiresGrad).toBe(false);
      const [gradient, expected] = [gradientOf(one, { ...fused, confidenceNHW }), gradientOf(other, plain)];
      expect(gradient.dtype).toBe(given.dtype ?? 'float32');
      const most = expected.to({ dtype: 'float32' }).abs().flatten().amax(0).item();
      expect(gradient).toBeAllclose(expected, {
        absolute: 8 * rounding + digits[given.dtype ?? 'float32'] * most,
      });
      expect(gradient.isContiguous(given.memoryFormat ?? 'channels-last')).toBe(true);
    }
  });
});

test.each([
  { name: 'resized', logits: [2, 19, 5, 7], labels: [20, 28] },
  { name: 'same size', logits: [2, 5, 6, 37], labels: [6, 37] },
] as const)('class weights enter a smoothed loss as in libtorch, $name', (given) => {
  using _inner = scope();
  const [, classCount] = given.logits;
  const values = Array.from({ length: classCount }, (_, index) => (index === 1 ? 0 : 0.3 + index / 4));
  const classWeights = tensorFrom(values, { dtype: 'float32', shape: [classCount] });
  const loss = smoothedCrossEntropy({ labelSmoothing: 0.2 });
  const [one, other] = [fusedBatch(given), fusedBatch(given)];
  const fused = fusedPixelLoss(one.logitsNCHW, one.labelsNHW, { loss, classWeights, confidence: variance });
  const [, height = 0, width = 0] = other.labelsNHW.shape;
  const expectedNHW = loss(resizeBilinear(other.logitsNCHW, [height, width]), other.labelsNHW, {
    classWeights,
  });
  expect(fused.lossesNHW).toBeAllclose(expectedNHW, { relativeToLargest: 2e-6 });
  fused.lossesNHW.mul(one.factorsNHW).sum().backward();
  expectedNHW.mul(other.factorsNHW).sum().backward();
  expect(one.logitsNCHW.grad).toBeAllclose(other.logitsNCHW.grad, { relativeToLargest: 1e-5 });
  expect(() =>
    fusedPixelLoss(one.logitsNCHW, one.labelsNHW, { loss, classWeights: classWeights.narrow(0, 0, 2) }),
  ).toThrow(`expected class weights [${classCount}]`);
});

test('without a confidence the losses are the same, and none is given', () => {
  using _inner = scope();
  const { logitsNCHW, labelsNHW } = fusedBatch({ name: '', logits: [1, 19, 4, 5], labels: [16, 20] });
  const alone = fusedPixelLoss(logitsNCHW, labelsNHW);
  const both = fusedPixelLoss(logitsNCHW, labelsNHW, { confidence: variance });
  expect(alone.confidenceNHW).toBe(null);
  expect(alone.lossesNHW.toBytes()).toEqual(both.lossesNHW.toBytes());
});

test('runs in float32 under autocast, and respects another ignored label', () => {
  using _inner = scope();
  const { logitsNCHW, labelsNHW } = fusedBatch({
    name: '',
    logits: [1, 5, 4, 5],
    labels: [8, 10],
    ignored: () => false,
  });
  const options = { loss: focal(), confidence: entropy, ignoreIndex: 3 };
  const outside = fusedPixelLoss(logitsNCHW, labelsNHW, options);
  const inside = autocast({ dtype: 'bfloat16' }, () => fusedPixelLoss(logitsNCHW, labelsNHW, options));
  expect(inside.lossesNHW.toBytes()).toEqual(outside.lossesNHW.toBytes());
  expect(outside.lossesNHW.where(labelsNHW.eq(3), 0).abs().sum().item()).toBe(0);
  expect(outside.lossesNHW.ne(0).sum().item()).toBe(labelsNHW.ne(3).sum().item());
});

test('a logit of −∞ is a likelihood of 0; one that is not a number is seen in the loss', () => {
  using _inner = scope();
  const losses = (values: number[]) =>
    fusedPixelLoss(
      tensorFrom(values, { dtype: 'float32', shape: [1, 3, 1, 1] }),
      tensorFrom([0], { dtype: 'int64', shape: [1, 1, 1] }),
      { confidence: entropy },
    );
  const { lossesNHW, confidenceNHW } = losses([0, 0, -Infinity]);
  expect(lossesNHW.item()).toBeCloseTo(Math.log(2), 6);
  expect(confidenceNHW?.item()).toBeCloseTo(1 - (2 * Math.log(2)) / Math.log(3), 6);
  expect(losses([-Infinity, 0, 0]).lossesNHW.item()).toBe(Infinity);
  for (const wrong of [NaN, Infinity]) {
    expect(losses([wrong, 0, 0]).lossesNHW.item()).toBeNaN();
    expect(losses([0, wrong, 0]).lossesNHW.item()).toBeNaN();
  }
});

test.each([
  { name: 'resized', logits: [1, 3, 3, 4], labels: [7, 9] },
  { name: 'same size', logits: [1, 3, 3, 4], labels: [3, 4] },
] as const)('its gradient is the slope of its values, $name', (given) => {
  using _inner = scope();
  for (const loss of [
    crossEntropy,
    gce({ q: 0.5 }),
    focal({ gamma: 2 }),
    smoothedCrossEntropy({ labelSmoothing: 0.3 }),
  ]) {
    const batch = fusedBatch({ ...given, scale: 1 });
    const total = (logitsNCHW: Tensor) =>
      fusedPixelLoss(logitsNCHW, batch.labelsNHW, { loss }).lossesNHW.mul(batch.factorsNHW).sum();
    total(batch.logitsNCHW).backward();
    const gradient = batch.logitsNCHW.grad?.contiguous().toTypedArray() ?? [];
    const values = Array.from(batch.logitsNCHW.contiguous().toTypedArray(), Number);
    const step = 1e-2;
    for (let index = 0; index < values.length; index += 3) {
      const shifted = (by: number) => {
        const moved = values.map((value, at) => (at === index ? value + by : value));
        return total(tensorFrom(moved, { dtype: 'float32', shape: given.logits })).item();
      };
      const slope = (shifted(step) - shifted(-step)) / (2 * step);
      expect(Math.abs(Number(gradient[index]) - slope)).toBeLessThan(5e-3 * (1 + Math.abs(slope)));
    }
  }
});

test.each([
  { name: 'resized', logits: [3, 19, 33, 40], labels: [130, 161] },
  { name: 'same size', logits: [3, 19, 33, 40], labels: [33, 40] },
] as const)('the same bits each time and for any number of threads, $name', (given) => {
  using _inner = scope();
  const before = threads();
  const bytes = (count: number) => {
    setThreads(count);
    const batch = fusedBatch(given);
    const maps = fusedPixelLoss(batch.logitsNCHW, batch.labelsNHW, { confidence: variance });
    const confidenceNHW = maps.confidenceNHW as Tensor;
    const gradient = gradientOf(batch, { ...maps, confidenceNHW });
    return [maps.lossesNHW, confidenceNHW, gradient].map((map) => map.toBytes());
  };
  try {
    const first = bytes(1);
    for (const count of [1, 2, 3]) expect(bytes(count)).toEqual(first);
  } finally {
    setThreads(before);
  }
});

describe('says what was expected', () => {
  const given = { name: '', logits: [1, 5, 4, 5], labels: [8, 10], ignored: () => false } as const;

  test.each([5, -1, 300])('a label of %i', (wrong) => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW } = fusedBatch(given);
    const labels = labelsNHW.where(labelsNHW.ne(2), wrong);
    expect(() => fusedPixelLoss(logitsNCHW, labels)).toThrow(
      `expected labels from 0 to 4, or 255 for pixels without a label, received ${wrong}`,
    );
  });

  test('shapes and types', () => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW } = fusedBatch(given);
    expect(() => fusedPixelLoss(logitsNCHW.select(0, 0), labelsNHW)).toThrow('expected logits [N,C,h,w]');
    expect(() => fusedPixelLoss(logitsNCHW, labelsNHW.select(0, 0))).toThrow('expected labels [1,H,W]');
    expect(() => fusedPixelLoss(logitsNCHW, labelsNHW.to({ dtype: 'float32' }))).toThrow('type int64');
    expect(() => fusedPixelLoss(labelsNHW.unsqueeze(1), labelsNHW)).toThrow('floating type');
  });

  test('a loss or a confidence that it does not know', () => {
    using _inner = scope();
    const { logitsNCHW, labelsNHW } = fusedBatch(given);
    expect(() => fusedPixelLoss(logitsNCHW, labelsNHW, { loss: kl })).toThrow('a loss without a fused form');
    expect(() => fusedPixelLoss(logitsNCHW, labelsNHW, { confidence: logVariance })).toThrow(
      'a confidence without a fused form',
    );
  });
});
