/** Holds every registered optimizer to the contract of `Optimizer`. */
import { Parameter } from 'coarsely/nn';
import { clipGradNorm, type Optimizer, optimizers, type ParameterGroup } from 'coarsely/optim';
import {
  Generator,
  type Kernels,
  randn,
  setThreads,
  type Tensor,
  tensorFrom,
  tidy,
  withKernels,
} from 'coarsely/torch';
import { afterEach, describe, expect, test } from 'vitest';

afterEach(() => {
  setThreads(1);
});

const learningRate = 0.05;
const rates = [learningRate, 0.02, 0.01, 0.04, 0.003];
// A weight in the layout of training, fewer elements than a vector, a scalar.
const shapes = [[8, 6, 3, 3], [7], [1]];

function create(kind: string, groups: readonly ParameterGroup[], options: object = {}): Optimizer {
  const component = optimizers.get(kind);
  const parsed = component.options.parse({ learningRate, ...options });
  return component.create(parsed, { groups });
}

function draw(shape: readonly number[], generator: Generator): Tensor {
  const values = randn(shape, { dtype: 'float32', generator });
  return shape.length === 4 ? values.contiguous({ memoryFormat: 'channels-last' }) : values;
}

interface Settings {
  readonly group?: Omit<ParameterGroup, 'parameters'>;
  readonly options?: object;
  readonly kernels?: Kernels;
  readonly threads?: number;
  readonly clipNorm?: number;
  /** Continues after this many steps with another optimizer, from the state of the first. */
  readonly resumeAfter?: number;
}

/** Returns the parameters after five steps with drawn gradients, one list for each. */
function run(kind: string, settings: Settings = {}): number[][] {
  const { group = {}, options = {}, kernels = 'fused', threads = 1, clipNorm, resumeAfter } = settings;
  setThreads(threads);
  return tidy(() => {
    using generator = new Generator(5);
    const parameters = shapes.map((shape) => new Parameter(draw(shape, generator)));
    const make = () => create(kind, [{ parameters, ...group }], options);
    let optimizer = make();
    for (const [step, rate] of rates.entries()) {
      if (step === resumeAfter) {
        const next = make();
        next.loadState(optimizer.state());
        optimizer.dispose();
        optimizer = next;
      }
      optimizer.setLearningRate(rate);
      for (const parameter of parameters) parameter.grad = draw(parameter.shape, generator);
      if (clipNorm !== undefined) withKernels(kernels, () => clipGradNorm(parameters, clipNorm));
      withKernels(kernels, () => optimizer.step());
    }
    const values = parameters.map((parameter) => Array.from(parameter.toTypedArray(), Number));
    optimizer.zeroGrad();
    for (const each of [optimizer, ...parameters]) each.dispose();
    return values;
  });
}

/** Returns a parameter that starts at 2, after one step with a gradient of 1. */
function stepOnce(kind: string, group: Omit<ParameterGroup, 'parameters'>, options: object = {}): number {
  return tidy(() => {
    const parameter = new Parameter(tensorFrom([2], { dtype: 'float32', shape: [1] }));
    const optimizer = create(kind, [{ parameters: [parameter], ...group }], options);
    parameter.grad = tensorFrom([1], { dtype: 'float32', shape: [1] });
    optimizer.step();
    const value = parameter.item();
    optimizer.zeroGrad();
    for (const each of [optimizer, parameter]) each.dispose();
    return value;
  });
}

describe.each(optimizers.kinds())('%s', (kind) => {
  test('repeats bit for bit, with any number of threads', () => {
    const first = run(kind);
    expect(first.flat().every(Number.isFinite)).toBe(true);
    expect(run(kind)).toEqual(first);
    expect(run(kind, { threads: 2 })).toEqual(first);
  });

  test.each([
    ['with its defaults', {}],
    ['ascending at another rate', { maximize: true, learningRateScale: 50 }],
    ['with decay', { weightDecay: 0.1 }],
  ])('fused and stock kernels give the same bits %s', (_, group) => {
    expect(run(kind, { group, kernels: 'stock' })).toEqual(run(kind, { group }));
  });

  test('continues exactly from its state', () => {
    const expected = run(kind);
    for (const resumeAfter of [0, 1, 3]) expect(run(kind, { resumeAfter })).toEqual(expected);
  });

  test('continues exactly with clipped gradients', () => {
    const expected = run(kind, { clipNorm: 0.5 });
    expect(expected).not.toEqual(run(kind));
    expect(run(kind, { clipNorm: 0.5, resumeAfter: 2 })).toEqual(expected);
    const stock = run(kind, { clipNorm: 0.5, kernels: 'stock' });
    expect(stock.flat()).toBeAllclose(expected.flat(), { absolute: 1e-5 });
  });

  test('descends, and ascends where a group says so', () => {
    expect(stepOnce(kind, { weightDecay: 0 })).toBeLessThan(2);
    expect(stepOnce(kind, { weightDecay: 0, maximize: true })).toBeGreaterThan(2);
  });

  test('weight decay shrinks the parameters of a group that ascends, too', () => {
    expect(stepOnce(kind, { maximize: true, weightDecay: 0 })).toBeGreaterThan(2);
    expect(stepOnce(kind, { maximize: true, weightDecay: 5 })).toBeLessThan(2);
  });

  test('the scale of a group multiplies the rate', () => {
    const scaled = stepOnce(kind, { learningRateScale: 4 });
    expect(scaled).toBeCloseTo(stepOnce(kind, {}, { learningRate: 4 * learningRate }), 6);
    expect(Math.abs(scaled - 2)).toBeGreaterThan(2 * Math.abs(stepOnce(kind, {}) - 2));
  });

  test('leaves a parameter without gradient as it is', () => {
    tidy(() => {
      const parameter = new Parameter(tensorFrom([2, -1], { dtype: 'float32', shape: [2] }));
      const optimizer = create(kind, [{ parameters: [parameter] }], { weightDecay: 0.5 });
      optimizer.step();
      expect(parameter).toBeAllclose([2, -1]);
      for (const each of [optimizer, parameter]) each.dispose();
    });
  });

  test('refuses a parameter twice, an unknown option, and the state of other parameters', () => {
    tidy(() => {
      const parameter = new Parameter(tensorFrom([2], { dtype: 'float32', shape: [1] }));
      const groups = [{ parameters: [parameter] }];
      expect(() => create(kind, [...groups, ...groups])).toThrow('a parameter is in more than one group');
      expect(optimizers.get(kind).options.safeParse({ nonsense: 1 }).success).toBe(false);
      const optimizer = create(kind, groups);
      const other = new Map([['9.9', tensorFrom([1, 2], { dtype: 'float32', shape: [2] })]]);
      expect(() => optimizer.loadState(other)).toThrow(
        'optimizer state, 9.9: expected no such entry, received shape [2]',
      );
      for (const each of [optimizer, parameter]) each.dispose();
    });
  });
});
