/** Compares ARM's fused passes with the composition of operators, with finite differences, and over threads. */
import { Arm, type NormOrder, normalizeWeights } from 'coarsely/reweighting';
import {
  Generator,
  noGrad,
  ops,
  rand,
  scope,
  setThreads,
  stack,
  type Tensor,
  tensorFrom,
  threads,
  withKernels,
} from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { kernels } from '#torch/kernels.js';

const numbers = (tensor: Tensor | null | undefined) => Array.from(tensor?.toTypedArray() ?? [], Number);

/** Bounds the rounding of float32 as a share of the largest value. */
const tolerance = { relativeToLargest: 2e-5 };

interface Pixels {
  readonly confidenceNHW: Tensor;
  readonly lossesNHW: Tensor;
  readonly validNHW: Tensor;
}

function draw(shape: readonly number[], { valid = 0.7 }: { readonly valid?: number } = {}): Pixels {
  using generator = new Generator(11);
  const map = () => rand(shape, { dtype: 'float32', generator });
  const confidenceNHW = map().mul(2).sub(1);
  // Losses follow the confidence: otherwise gradients would be differences of nothing but rounding.
  const lossesNHW = confidenceNHW.neg().add(1).square().add(map().mul(0.5));
  return { confidenceNHW, lossesNHW, validNHW: map().lt(valid) };
}

/** Returns every second column of a map twice as wide. */
function spread({ confidenceNHW, lossesNHW, validNHW }: Pixels): Pixels {
  const wide = (map: Tensor) => stack([map, map.logicalNot().to({ dtype: map.dtype })], 3).select(3, 0);
  return {
    confidenceNHW: wide(confidenceNHW),
    lossesNHW: wide(lossesNHW),
    validNHW: wide(validNHW),
  };
}

const cases: readonly (readonly [string, () => Pixels])[] = [
  ['several pieces of pixels', () => draw([2, 67, 83])],
  ['one pixel', () => draw([1, 1, 1], { valid: 2 })],
  ['no valid pixel', () => draw([1, 5, 7], { valid: 0 })],
  ['maps that are not contiguous', () => spread(draw([2, 9, 17]))],
];

/** Returns the weights, and the gradients of Σ w·l by the parameters and the confidence. */
function outcome(p: NormOrder, { confidenceNHW, lossesNHW, validNHW }: Pixels, arm = makeArm(p)) {
  const confidence = confidenceNHW.detach().requiresGrad_();
  const weights = arm.weigh({ confidenceNHW: confidence, lossesNHW, validNHW });
  weights.mul(lossesNHW).sum().backward();
  const parameters = arm.parameters().flatMap(({ grad }) => numbers(grad));
  const result = { weights: numbers(weights), parameters, confidence: numbers(confidence.grad) };
  arm.dispose();
  return result;
}

function makeArm(p: NormOrder): Arm {
  using generator = new Generator(5);
  const arm = new Arm({ generator, p });
  // Moves ARM far enough from the constant that it starts at.
  noGrad(() => {
    for (const parameter of arm.parameters()) parameter.mul_(2);
  });
  return arm;
}

describe.each([1, 2, 3] as const)('p = %i', (p) => {
  test.each(cases)('weights and all gradients are those of stock operators: %s', (_name, make) => {
    using _inner = scope();
    const pixels = make();
    const stock = withKernels('stock', () => outcome(p, pixels));
    const fused = outcome(p, pixels);
    expect(kernels()).toBe('fused');
    expect(fused).toBeAllclose(stock, { ...tolerance, absolute: 2e-6 / stock.weights.length });
  });

  test('normalized weights and their gradient are those of stock operators', () => {
    using _inner = scope();
    for (const [, make] of cases) {
      const { confidenceNHW, lossesNHW, validNHW } = make();
      const run = (normalize: (weights: Tensor) => Tensor) => {
        const weights = confidenceNHW.detach().clamp({ min: 0 }).requiresGrad_();
        const normalized = normalize(weights);
        normalized.mul(lossesNHW).sum().backward();
        return { weights: numbers(normalized), gradient: numbers(weights.grad) };
      };
      const stock = withKernels('stock', () => run((weights) => normalizeWeights(weights, validNHW, { p })));
      const fused = run((weights) => normalizeWeights(weights, validNHW, { p }));
      expect(fused).toBeAllclose(stock, tolerance);
    }
  });

  test('the gradient to the parameters is that of finite differences', () => {
    using _inner = scope();
    const { confidenceNHW, lossesNHW, validNHW } = draw([1, 6, 7]);
    const parts = [confidenceNHW, lossesNHW, validNHW].map(numbers);
    const arm = makeArm(p);
    const values = arm.parameters().flatMap(numbers);
    const { parameters } = outcome(p, { confidenceNHW, lossesNHW, validNHW }, arm);
    const at = reference(values, parts);
    const objective = (shifted: readonly number[]) => {
      const { sum, norm } = reference(shifted, parts)(p);
      return sum / norm / (at(p).l1 / at(p).norm);
    };
    const numeric = values.map((_, index) => {
      const shifted = (by: number) => objective(values.map((x, i) => (i === index ? x + by : x)));
      return (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
    });
    expect(parameters).toBeAllclose(numeric, { relativeToLargest: 1e-4 });
  });
});

/** Returns Σ w·l, ‖w‖_p and ‖w‖₁ of ARM with these 53 parameters, in float64. */
function reference(parameters: readonly number[], [confidences = [], losses = [], valid = []]: number[][]) {
  const take = (at: number, count: number) => parameters.slice(at, at + count);
  const layer = (at: number, inputs: readonly number[], outputs: number) =>
    Array.from({ length: outputs }, (_, k) =>
      take(at + k * inputs.length, inputs.length).reduce(
        (sum, weight, j) => sum + weight * (inputs[j] ?? 0),
        parameters[at + outputs * inputs.length + k] ?? 0,
      ),
    );
  const silu = (x: number) => x / (1 + Math.exp(-x));
  const weights = confidences.map((confidence, i) => {
    const third = [8, 28].reduce(
      (hidden, at) => layer(at, hidden, 4).map(silu),
      layer(0, [confidence], 4).map(silu),
    );
    return valid[i] ? 1 / (1 + Math.exp(-(layer(48, third, 1)[0] ?? 0))) : 0;
  });
  return (p: number) => ({
    sum: weights.reduce((sum, weight, i) => sum + weight * (losses[i] ?? 0), 0),
    norm: weights.reduce((sum, weight) => sum + weight ** p, 0) ** (1 / p),
    l1: weights.reduce((sum, weight) => sum + weight, 0),
  });
}

test('gives the same bits again and on any number of threads', () => {
  using _inner = scope();
  const before = threads();
  const pixels = draw([2, 150, 200]);
  const outcomes = [1, 2, 3, 1].map((count) => {
    setThreads(count);
    return outcome(2, pixels);
  });
  setThreads(before);
  for (const other of outcomes.slice(1)) expect(other).toEqual(outcomes[0]);
});

test('what stands at pixels without a label does not spread, and what is not a number shows', () => {
  using _inner = scope();
  const lossesNHW = tensorFrom([1, 2, 3], { dtype: 'float32', shape: [1, 1, 3] });
  const confidenceNHW = tensorFrom([0.5, Number.NaN, -0.5], { dtype: 'float32', shape: [1, 1, 3] });
  const mask = (values: readonly number[]) => tensorFrom(values, { dtype: 'bool', shape: [1, 1, 3] });
  const without = outcome(2, { confidenceNHW, lossesNHW, validNHW: mask([1, 0, 1]) });
  expect(without.parameters.every(Number.isFinite)).toBe(true);
  expect(without.weights[1]).toBe(0);
  const { weights } = outcome(2, { confidenceNHW, lossesNHW, validNHW: mask([1, 1, 1]) });
  expect(weights.every(Number.isNaN)).toBe(true);
});

test('says what does not fit', () => {
  using _inner = scope();
  const { confidenceNHW, validNHW } = draw([1, 2, 3]);
  const parameters = tensorFrom(new Float32Array(52), { dtype: 'float32', shape: [52] });
  expect(() => ops.armWeights(confidenceNHW, validNHW, parameters, 2)).toThrow(
    'expected 53 float32 parameters, received Float[52]',
  );
  expect(() => ops.normalizeWeights(confidenceNHW, validNHW, 4)).toThrow(
    'expected p = 1, 2 or 3, received 4',
  );
  expect(() => ops.normalizeWeights(validNHW, validNHW, 2)).toThrow('expected a float32 map and a bool mask');
});
