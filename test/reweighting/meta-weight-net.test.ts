/** Compares the meta-gradient with the clean loss after literal virtual steps, and checks that the network learns. */
import { crossEntropy, reduceLosses } from 'coarsely/losses';
import { Parameter } from 'coarsely/nn';
import { type CleanStep, MetaWeightNet } from 'coarsely/reweighting';
import { Generator, noGrad, ones, randn, scope, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { cleanAlignment } from '#reweighting/clean-alignment.js';

const height = 3;
const width = 4;
const pixels = height * width;

/** Holds a network of two layers over the features of pixels, in float64, with a noisy batch and a clean one. */
class Problem implements CleanStep, Disposable {
  readonly learningRate = 0.7;
  readonly parameters: readonly [Parameter, Parameter];
  readonly features: Tensor;
  readonly cleanFeatures: Tensor;
  readonly valid: Tensor;

  constructor({ seed = 1 } = {}) {
    using generator = new Generator(seed);
    const draw = (shape: number[]) => randn(shape, { dtype: 'float64', generator });
    this.features = draw([pixels, 5]);
    this.cleanFeatures = draw([pixels, 5]);
    this.parameters = [new Parameter(draw([5, 6])), new Parameter(draw([6, 2]))];
    this.valid = tensorFrom(
      Array.from({ length: pixels }, (_, pixel) => Number(pixel % 5 !== 3)),
      { dtype: 'bool', shape: [1, height, width] },
    );
  }

  losses() {
    return { lossesNHW: this.#lossesOf(this.features).mul(this.valid), validNHW: this.valid };
  }

  cleanLoss(): Tensor {
    return this.#lossesOf(this.cleanFeatures).mean();
  }

  /** Returns the squared distance of the first output from the second's sine: smooth, and nothing like a mean. */
  #lossesOf(features: Tensor): Tensor {
    const [first, second] = this.parameters;
    const outputs = features.matmul(first).tanh().matmul(second);
    const distance = outputs.select(1, 0).sub(outputs.select(1, 1).tanh());
    return distance.square().reshape([1, height, width]);
  }

  [Symbol.dispose](): void {
    for (const tensor of [...this.parameters, this.features, this.cleanFeatures, this.valid])
      tensor.dispose();
  }
}

function createNet({ hidden = 7, learningRate = 1e-3, float64 = true } = {}): MetaWeightNet {
  using generator = new Generator(5);
  const net = tidy(() => new MetaWeightNet({ generator, hidden, learningRate }));
  return float64 ? net.to({ dtype: 'float64' }) : net;
}

const numbers = (tensor: Tensor) => Array.from(tensor.toTypedArray(), Number);

/** Returns V over its sum, from its definition. */
function weightsOf(net: MetaWeightNet, { lossesNHW, validNHW }: ReturnType<Problem['losses']>): Tensor {
  const values = net.forward(lossesNHW.detach()).mul(validNHW);
  return values.div(values.sum());
}

/** Takes the virtual step literally and returns the clean loss after it. */
function cleanLossAfter(net: MetaWeightNet, problem: Problem): number {
  return tidy(() => {
    const losses = problem.losses();
    const weights = noGrad(() => weightsOf(net, losses));
    weights.mul(losses.lossesNHW).sum().backward();
    const before = problem.parameters.map((parameter) => parameter.detach().clone());
    return noGrad(() => {
      for (const parameter of problem.parameters) {
        const { grad } = parameter;
        if (grad) parameter.add_(grad, { alpha: -problem.learningRate });
        parameter.zeroGrad_();
      }
      const loss = problem.cleanLoss().item();
      for (const [place, parameter] of problem.parameters.entries()) parameter.copy_(before[place] as Tensor);
      return loss;
    });
  });
}

describe('the meta-gradient', () => {
  test('is the derivative of the clean loss after the virtual step', () => {
    using _inner = scope();
    using problem = new Problem();
    const net = createNet();
    const named = [...net.namedParameters()];
    const nudge = 1e-5;
    const expected = named.map(([, parameter]) => {
      const base = numbers(parameter);
      const at = (place: number, by: number): number => {
        const moved = Float64Array.from(base);
        moved[place] = (moved[place] ?? 0) + by;
        noGrad(() => parameter.copy_(tensorFrom(moved, { dtype: 'float64', shape: parameter.shape })));
        return cleanLossAfter(net, problem);
      };
      const slopes = base.map((_, place) => (at(place, nudge) - at(place, -nudge)) / (2 * nudge));
      at(0, 0);
      return slopes;
    });
    net.learn(problem);
    // After one step, Adam's first moment is a tenth of the gradient.
    const moments = [...net.stateDict()]
      .filter(([name]) => name.startsWith('optimizer.first.'))
      .map(([, moment]) => numbers(moment).map((value) => value * 10));
    expect(moments).toHaveLength(4);
    const size = Math.max(...expected.flat().map(Math.abs));
    expect(size).toBeGreaterThan(1e-4);
    for (const [place, [name]] of named.entries()) {
      for (const [index, slope] of (expected[place] ?? []).entries())
        expect((moments[place]?.[index] ?? Number.NaN) / size, `${name}[${index}]`).toBeCloseTo(
          slope / size,
          4,
        );
    }
    net.dispose();
  });

  test('rests on each pixel’s agreement with the clean gradient', () => {
    using _inner = scope();
    using problem = new Problem({ seed: 3 });
    const weigh = (lossesNHW: Tensor, validNHW: Tensor) =>
      validNHW.to({ dtype: 'float64' }).add(lossesNHW.mul(0)).div(9);
    const { alignmentNHW } = cleanAlignment(problem, { weigh });

    const gradientOf = (loss: Tensor): number[] => {
      for (const parameter of problem.parameters) parameter.zeroGrad_();
      loss.backward();
      const all = problem.parameters.flatMap(({ grad }) => (grad ? numbers(grad) : []));
      for (const parameter of problem.parameters) parameter.zeroGrad_();
      return all;
    };
    const each = Array.from({ length: pixels }, (_, pixel) =>
      gradientOf(problem.losses().lossesNHW.reshape([-1]).select(0, pixel)),
    );
    const before = problem.parameters.map((parameter) => parameter.detach().clone());
    const { lossesNHW, validNHW } = problem.losses();
    const descent = weigh(lossesNHW.detach(), validNHW).mul(lossesNHW).sum();
    descent.backward();
    noGrad(() => {
      for (const parameter of problem.parameters)
        parameter.add_(parameter.grad as Tensor, { alpha: -problem.learningRate });
    });
    const clean = gradientOf(problem.cleanLoss());
    noGrad(() => {
      for (const [place, parameter] of problem.parameters.entries()) parameter.copy_(before[place] as Tensor);
    });
    const expected = each.map((gradient) =>
      gradient.reduce((sum, value, at) => sum + value * (clean[at] ?? 0), 0),
    );
    const size = Math.max(...expected.map(Math.abs));
    for (const [pixel, value] of numbers(alignmentNHW).entries())
      expect(value / size).toBeCloseTo((expected[pixel] ?? 0) / size, 4);
    expect(expected[3]).toBe(0);
  });

  test('leaves the network as it was, bit for bit, without gradients', () => {
    using _inner = scope();
    using problem = new Problem();
    const net = createNet();
    const before = problem.parameters.map((parameter) => parameter.toBytes());
    net.learn(problem);
    expect(problem.parameters.map((parameter) => parameter.toBytes())).toEqual(before);
    expect(problem.parameters.map(({ grad }) => grad)).toEqual([null, null]);
    const failing: CleanStep = {
      ...problem,
      losses: () => problem.losses(),
      cleanLoss: () => {
        throw new Error('no clean batch');
      },
    };
    expect(() => net.learn(failing)).toThrow('no clean batch');
    expect(problem.parameters.map((parameter) => parameter.toBytes())).toEqual(before);
    net.dispose();
  });

  test('is 0, not NaN, where the clean loss does not depend on the network or no pixel is labeled', () => {
    using _inner = scope();
    using problem = new Problem();
    const [first] = problem.parameters;
    for (const step of [
      { losses: () => problem.losses(), cleanLoss: () => first.mul(0).sum() },
      {
        losses: () => {
          const { lossesNHW, validNHW } = problem.losses();
          return { lossesNHW: lossesNHW.mul(0), validNHW: validNHW.logicalAnd(validNHW.logicalNot()) };
        },
        cleanLoss: () => problem.cleanLoss(),
      },
    ]) {
      const net = createNet();
      const before = numbers(net.conv1.weight);
      net.learn({ ...step, parameters: problem.parameters, learningRate: 0.1 });
      expect(numbers(net.conv1.weight)).toEqual(before);
      net.dispose();
    }
  });
});

test('learns to distrust labels that the clean ones contradict', () => {
  using _inner = scope();
  using generator = new Generator(2);
  const count = 400;
  // Two classes apart along one feature; a third of the noisy labels is of the wrong class.
  const makeBatch = (wrong: (pixel: number) => boolean) => {
    const labels = Array.from({ length: count }, (_, pixel) => pixel % 2);
    const centers = tensorFrom(
      labels.map((label) => 3 * (2 * label - 1)),
      { dtype: 'float32', shape: [count, 1] },
    );
    const given = labels.map((label, pixel) => BigInt(wrong(pixel) ? 1 - label : label));
    return {
      features: centers.add(randn([count, 1], { dtype: 'float32', generator })),
      labelsNHW: tensorFrom(BigInt64Array.from(given), { dtype: 'int64', shape: [1, 1, count] }),
    };
  };
  const isWrong = (pixel: number) => pixel % 3 === 0;
  const noisy = makeBatch(isWrong);
  const clean = makeBatch(() => false);
  const parameter = new Parameter(randn([1, 2], { dtype: 'float32', generator }).mul(0.1));
  const lossesOf = ({ features, labelsNHW }: ReturnType<typeof makeBatch>) =>
    crossEntropy(features.matmul(parameter).transpose(0, 1).reshape([1, 2, 1, count]), labelsNHW);
  const validNHW = ones([1, 1, count], { dtype: 'bool' });
  const net = createNet({ hidden: 20, learningRate: 0.02, float64: false });
  const learningRate = 0.5;
  let weights: number[] = [];
  for (let step = 0; step < 120; step++) {
    tidy(() => {
      net.learn({
        parameters: [parameter],
        learningRate,
        losses: () => ({ lossesNHW: lossesOf(noisy), validNHW }),
        cleanLoss: () => reduceLosses(lossesOf(clean), validNHW),
      });
      const lossesNHW = lossesOf(noisy);
      const weightsNHW = net.weigh({
        confidenceNHW: lossesNHW.detach(),
        lossesNHW: lossesNHW.detach(),
        validNHW,
      });
      weightsNHW.mul(lossesNHW).sum().backward();
      noGrad(() => parameter.add_(parameter.grad as Tensor, { alpha: -learningRate }));
      parameter.zeroGrad_();
      weights = numbers(weightsNHW);
    });
  }
  const share = weights.filter((_, pixel) => isWrong(pixel)).reduce((sum, weight) => sum + weight, 0);
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
  // Uniform weights would give the wrong third a third.
  expect(share).toBeLessThan(0.1);
  parameter.dispose();
  net.dispose();
});

test('weights of many pixels are those of few, piece by piece', () => {
  using _inner = scope();
  using generator = new Generator(4);
  const net = createNet({ float64: false });
  const shape = [1, 300, 500];
  const lossesNHW = randn(shape, { dtype: 'float32', generator }).abs();
  const validNHW = ones(shape, { dtype: 'bool' });
  const weights = net.weigh({ confidenceNHW: lossesNHW, lossesNHW, validNHW });
  const whole = noGrad(() => net.forward(lossesNHW));
  expect(weights).toBeAllclose(whole.div(whole.sum()), { absolute: 1e-9 });
  net.dispose();
});

test('says which option has no meaning', () => {
  using generator = new Generator(1);
  expect(() => new MetaWeightNet({ generator, hidden: 0 })).toThrow(
    'MetaWeightNet: expected hidden of at least 1, received 0',
  );
  expect(() => new MetaWeightNet({ generator, learningRate: 0 })).toThrow(
    'expected learningRate of more than 0',
  );
});
