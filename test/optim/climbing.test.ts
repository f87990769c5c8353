/**
 * Checks both ways in which ARM's parameters climb, a negated gradient and a negative learning rate: equal without weight
 * decay, and what decay alone does to them over the paper's schedule.
 */
import { Parameter } from 'coarsely/nn';
import { AdamW, type Optimizer, type ParameterGroup, Sgd, schedules } from 'coarsely/optim';
import { Arm, type ArmOptions } from 'coarsely/reweighting';
import { Generator, randn, scope, type Tensor, tensorFrom, withKernels } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

const optimizers = {
  sgd: (groups: readonly ParameterGroup[], weightDecay: number): Optimizer =>
    new Sgd(groups, { weightDecay }),
  'sgd without momentum': (groups: readonly ParameterGroup[], weightDecay: number): Optimizer =>
    new Sgd(groups, { weightDecay, momentum: 0 }),
  adamw: (groups: readonly ParameterGroup[], weightDecay: number): Optimizer =>
    new AdamW(groups, { weightDecay }),
};

/** Returns ARM's parameters after five steps with the same gradients. */
function climb(
  create: (typeof optimizers)['sgd'],
  options: Omit<ArmOptions, 'generator'>,
  weightDecay: number,
) {
  using _inner = scope();
  using generator = new Generator(1);
  const arm = new Arm({ generator, ...options });
  const adversary = arm.adversarialParameters();
  const optimizer = create([adversary], weightDecay);
  const first = arm.parameters().flatMap((parameter) => Array.from(parameter.toTypedArray(), Number));
  for (let step = 0; step < 5; step++) {
    optimizer.zeroGrad();
    optimizer.setLearningRate(0.05 / (step + 1));
    for (const parameter of arm.parameters()) {
      const slope = randn(parameter.shape, { dtype: 'float32', generator });
      parameter.mul(slope).sum().backward();
    }
    optimizer.step();
  }
  const last = arm.parameters().flatMap((parameter) => Array.from(parameter.toTypedArray(), Number));
  optimizer.zeroGrad();
  optimizer.dispose();
  arm.dispose();
  return { first, last, adversary };
}

describe.each(Object.entries(optimizers))('%s', (_, create) => {
  test.each(['fused', 'stock'] as const)(
    'both updates are equal bit for bit without decay, %s',
    (kernels) => {
      withKernels(kernels, () => {
        const maximized = climb(create, { weightDecay: 0, learningRateScale: 3 }, 0.1);
        const negative = climb(
          create,
          { weightDecay: 0, learningRateScale: 3, update: 'negative-rate' },
          0.1,
        );
        expect(negative.last).toEqual(maximized.last);
        expect(maximized.last).not.toEqual(maximized.first);
        // With decay they differ, and the decay of ARM replaces the optimizer's.
        const decayed = climb(create, { learningRateScale: 3 }, 0.1);
        expect(climb(create, { learningRateScale: 3, update: 'negative-rate' }, 0.1).last).not.toEqual(
          decayed.last,
        );
        expect(climb(create, { learningRateScale: 3, weightDecay: 0.1 }, 0.7).last).toEqual(decayed.last);
      });
    },
  );
});

test('ARM says how it climbs', () => {
  using _inner = scope();
  const groupOf = (options: Omit<ArmOptions, 'generator'>) => climb(optimizers.sgd, options, 0).adversary;
  expect(groupOf({})).toMatchObject({ maximize: true, learningRateScale: 1 });
  expect(groupOf({})).not.toHaveProperty('weightDecay');
  expect(groupOf({ update: 'negative-rate', learningRateScale: 5, weightDecay: 0.2 })).toMatchObject({
    maximize: false,
    learningRateScale: -5,
    weightDecay: 0.2,
  });
});

describe('decay alone, over the paper’s schedule', () => {
  const { learningRate, momentum, weightDecay } = { learningRate: 0.02, momentum: 0.9, weightDecay: 1e-4 };

  function rates(iterations: number): (step: number) => number {
    const multiStep = schedules.get('multi-step');
    const schedule = multiStep.create(multiStep.options.parse({}), { learningRate });
    return (step) => learningRate * schedule(step, iterations);
  }

  /** Applies the formula at the head of sgd.ts without a gradient: v = momentum · v + decay · p; p −= rate · v. */
  function factor(
    iterations: number,
    { sign, decay }: { readonly sign: 1 | -1; readonly decay: number },
  ): number {
    const rate = rates(iterations);
    let [parameter, velocity] = [1, 0];
    for (let step = 0; step < iterations; step++) {
      velocity = momentum * velocity + decay * parameter;
      parameter -= sign * rate(step) * velocity;
    }
    return parameter;
  }

  test.each([
    [40_000, 0.62, 1.62],
    [200_000, 0.09, 11.3],
  ])('over %d steps it shrinks to %d or grows to %d', (iterations, shrunk, grown) => {
    const digits = iterations === 40_000 ? 2 : 1;
    expect(factor(iterations, { sign: 1, decay: weightDecay })).toBeCloseTo(shrunk, 2);
    expect(factor(iterations, { sign: -1, decay: weightDecay })).toBeCloseTo(grown, digits);
    expect(factor(iterations, { sign: 1, decay: 0 })).toBe(1);
  });

  test('the optimizer does the same', () => {
    const iterations = 400;
    using _inner = scope();
    const parameterOf = (): Parameter => new Parameter(tensorFrom([1], { dtype: 'float32', shape: [1] }));
    const parameters = [parameterOf(), parameterOf(), parameterOf()] as const;
    const [maximized, negative, still] = parameters;
    // A decay that is a hundred times as large does in 400 steps what the paper's does in 40 000.
    const optimizer = new Sgd(
      [
        { parameters: [maximized], maximize: true },
        { parameters: [negative], learningRateScale: -1 },
        { parameters: [still], maximize: true, weightDecay: 0 },
      ],
      { learningRate, momentum, weightDecay: 100 * weightDecay },
    );
    for (const parameter of parameters) parameter.mul(0).sum().backward();
    const rate = rates(iterations);
    for (let step = 0; step < iterations; step++) {
      optimizer.setLearningRate(rate(step));
      optimizer.step();
    }
    const value = (parameter: Tensor) => parameter.item();
    expect(value(maximized)).toBeCloseTo(factor(iterations, { sign: 1, decay: 100 * weightDecay }), 4);
    expect(value(negative)).toBeCloseTo(factor(iterations, { sign: -1, decay: 100 * weightDecay }), 3);
    expect(value(maximized)).toBeCloseTo(0.62, 1);
    expect(value(negative)).toBeCloseTo(1.62, 1);
    expect(value(still)).toBe(1);
    optimizer.zeroGrad();
    optimizer.dispose();
    for (const parameter of parameters) parameter.dispose();
  });
});
