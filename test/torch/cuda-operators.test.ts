/** Checks that this package's operators give the same results on a GPU as on a CPU, and the same bits at every call. */
import { engine, Generator, ops, rand, randn, scope, type Tensor } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { native } from '#torch/native.js';

type Case = (device: 'cpu' | 'cuda') => readonly (Tensor | null)[];

/** Returns the same random numbers at every call, on the device. */
function draws(device: 'cpu' | 'cuda') {
  const generator = new Generator(4);
  const place = (tensor: Tensor) => tensor.to({ device });
  return {
    [Symbol.dispose]: () => generator.dispose(),
    uniform: (shape: readonly number[]) => place(rand(shape, { dtype: 'float32', generator })),
    normal: (shape: readonly number[]) => place(randn(shape, { dtype: 'float32', generator })),
  };
}

const resize: Case = (device) => {
  using draw = draws(device);
  const maps = draw.normal([2, 5, 9, 7]).requiresGrad_();
  const output = ops.resizeBilinear(maps, [36, 31]);
  output
    .mul(draw.uniform([2, 5, 36, 31]))
    .sum()
    .backward();
  return [output, maps.grad];
};

const pixelLoss =
  (kind: number): Case =>
  (device) => {
    using draw = draws(device);
    const logits = draw.normal([2, 5, 9, 7]).requiresGrad_();
    const labels = draw.uniform([2, 36, 31]).mul(6).to({ dtype: 'int64' });
    const known = labels.where(labels.lt(5), 255);
    const [losses, confidence] = ops.pixelLoss(logits, known, kind, 0.7, 255, 1);
    losses
      .mul(draw.uniform([2, 36, 31]))
      .sum()
      .backward();
    return [losses, confidence, logits.grad];
  };

const arm: Case = (device) => {
  using draw = draws(device);
  const confidence = draw.uniform([2, 61, 67]).requiresGrad_();
  const valid = draw.uniform([2, 61, 67]).lt(0.8);
  const parameters = draw.uniform([53]).sub(0.2).mul(1.5).requiresGrad_();
  const weights = ops.armWeights(confidence, valid, parameters, 2);
  weights.mul(confidence.detach().sub(2).square()).sum().backward();
  return [weights, confidence.grad, parameters.grad];
};

const normalized: Case = (device) => {
  using draw = draws(device);
  const raw = draw.uniform([2, 61, 67]).requiresGrad_();
  const weights = ops.normalizeWeights(raw, draw.uniform([2, 61, 67]).lt(0.8), 2);
  weights
    .mul(draw.uniform([2, 61, 67]))
    .sum()
    .backward();
  return [weights, raw.grad];
};

const cases: readonly (readonly [string, Case])[] = [
  ['bilinear resizing', resize],
  ['cross-entropy', pixelLoss(0)],
  ['generalized cross-entropy', pixelLoss(1)],
  ['focal loss', pixelLoss(2)],
  ['smoothed cross-entropy', pixelLoss(3)],
  ['ARM', arm],
  ['weight normalization', normalized],
];

const numbers = (outcome: readonly (Tensor | null)[]) =>
  outcome.map((tensor) => Array.from(tensor?.to({ device: 'cpu' }).toTypedArray() ?? [], Number));

test.each(cases)('%s has values and gradients, the same each time', (_name, make) => {
  using _inner = scope();
  const first = numbers(make('cpu'));
  for (const values of first) expect(values.some((value) => value !== 0)).toBe(true);
  expect(numbers(make('cpu'))).toEqual(first);
});

describe.runIf(engine().cudaDevices > 0 && native().hasCudaKernels())('on a GPU', () => {
  test.each(cases)('%s', (_name, make) => {
    using _inner = scope();
    const there = numbers(make('cuda'));
    for (const [part, values] of numbers(make('cpu')).entries())
      expect(there[part], `part ${part}`).toBeAllclose(values, { relativeToLargest: 1e-4 });
    expect(numbers(make('cuda'))).toEqual(there);
  });
});
