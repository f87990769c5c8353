/** Compares SGD with torch.optim.SGD (sgd-golden.py); checks two ways to ascend, groups, state and clipping. */
import { readFileSync } from 'node:fs';
import { Parameter } from 'coarsely/nn';
import { clipGradNorm, type ParameterGroup, Sgd } from 'coarsely/optim';
import { type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

interface Case {
  readonly name: string;
  readonly options: { readonly momentum: number; readonly weight_decay: number; readonly maximize?: boolean };
  readonly steps: number[][];
}

const golden = JSON.parse(readFileSync(new URL('./sgd-golden.json', import.meta.url), 'utf8')) as {
  readonly cases: Case[];
};

const vector = (values: readonly number[]) =>
  tensorFrom(values, { dtype: 'float32', shape: [values.length] });
const start = () => new Parameter(vector([1, -2, 3, 0.5]));
const numbers = (tensor: Tensor | null | undefined) =>
  Array.from((tensor?.toTypedArray() ?? []) as Float32Array);

/** Adds the gradient of Σ factor · p², which is 2 · factor · p. */
function backward(parameter: Parameter): void {
  tidy(() => {
    parameter
      .mul(parameter)
      .mul(vector([0.5, 1, 0.25, 2]))
      .sum()
      .backward();
  });
}

function run(group: Omit<ParameterGroup, 'parameters'>, { learningRate = 0.1, steps = 4 } = {}): number[] {
  const parameter = start();
  const optimizer = new Sgd([{ parameters: [parameter], ...group }]);
  optimizer.setLearningRate(learningRate);
  for (let step = 0; step < steps; step += 1) {
    optimizer.zeroGrad();
    backward(parameter);
    optimizer.step();
  }
  const result = numbers(parameter);
  optimizer.zeroGrad();
  optimizer.dispose();
  parameter.dispose();
  return result;
}

describe('as torch.optim.SGD', () => {
  test.each(golden.cases)('$name', ({ options, steps }) => {
    const parameter = start();
    const optimizer = new Sgd([{ parameters: [parameter], maximize: options.maximize ?? false }], {
      learningRate: 0.1,
      momentum: options.momentum,
      weightDecay: options.weight_decay,
    });
    for (const [step, expected] of steps.entries()) {
      optimizer.setLearningRate(0.1 / (1 + step));
      optimizer.zeroGrad();
      backward(parameter);
      optimizer.step();
      for (const [index, value] of numbers(parameter).entries())
        expect(value).toBeCloseTo(expected[index] as number, 5);
    }
    optimizer.zeroGrad();
    optimizer.dispose();
    parameter.dispose();
  });
});

describe('climbing', () => {
  test('a negative learning rate and maximize agree without weight decay', () => {
    const climbing = run({ maximize: true, weightDecay: 0 });
    expect(climbing).toEqual(run({ weightDecay: 0 }, { learningRate: -0.1 }));
    expect(Math.abs(climbing[0] as number)).toBeGreaterThan(1);
  });

  test('with weight decay they differ: only maximize still decays', () => {
    const climbing = run({ maximize: true, weightDecay: 0.5 }, { steps: 1 });
    const negative = run({ weightDecay: 0.5 }, { learningRate: -0.1, steps: 1 });
    const without = run({ maximize: true, weightDecay: 0 }, { steps: 1 });
    expect(climbing).not.toEqual(negative);
    for (const [index, value] of climbing.entries()) {
      expect(Math.abs(value)).toBeLessThan(Math.abs(without[index] as number));
      expect(Math.abs(negative[index] as number)).toBeGreaterThan(Math.abs(without[index] as number));
    }
  });
});

describe('groups', () => {
  test('the learning-rate scale multiplies the rate', () => {
    expect(run({ learningRateScale: 5 }, { learningRate: 0.02 })).toEqual(run({}, { learningRate: 0.1 }));
  });

  test('a parameter without gradient stays, one in two groups is refused', () => {
    const parameter = start();
    const optimizer = new Sgd([{ parameters: [parameter] }], { learningRate: 1 });
    optimizer.step();
    expect(numbers(parameter)).toEqual([1, -2, 3, 0.5]);
    expect(optimizer.state().size).toBe(0);
    expect(() => new Sgd([{ parameters: [parameter, parameter] }], { learningRate: 1 })).toThrow(
      /more than one group/,
    );
    parameter.dispose();
  });
});

describe('state', () => {
  test('restored momenta continue bit for bit', () => {
    const expected = run({}, { steps: 4 });
    const parameter = start();
    const step = (optimizer: Sgd) => {
      optimizer.zeroGrad();
      backward(parameter);
      optimizer.step();
    };
    const first = new Sgd([{ parameters: [parameter] }], { learningRate: 0.1 });
    step(first);
    step(first);
    expect([...first.state().keys()]).toEqual(['0.0']);
    const second = new Sgd([{ parameters: [parameter] }], { learningRate: 0.1 });
    second.loadState(first.state());
    first.dispose();
    step(second);
    step(second);
    expect(numbers(parameter)).toEqual(expected);
    second.zeroGrad();
    second.dispose();
    parameter.dispose();
  });

  test('a state of other parameters is refused by name', () => {
    const parameter = start();
    const optimizer = new Sgd([{ parameters: [parameter] }], { learningRate: 0.1 });
    tidy(() => {
      expect(() => optimizer.loadState(new Map([['0.0', vector([1])]]))).toThrow(
        'optimizer state, 0.0: expected shape [4], received shape [1]',
      );
      expect(() => optimizer.loadState(new Map([['1.0', vector([1])]]))).toThrow(
        /1\.0: expected no such entry/,
      );
    });
    parameter.dispose();
  });
});

describe('clipGradNorm', () => {
  test('scales gradients down to the maximum together, never up', () => {
    const [one, other] = [start(), start()];
    tidy(() => {
      one.grad = vector([3, 0, 0, 0]);
      other.grad = vector([0, 4, 0, 0]);
      expect(clipGradNorm([one, other], 1).item()).toBeCloseTo(5, 5);
      expect(numbers(one.grad)[0]).toBeCloseTo(0.6, 5);
      expect(numbers(other.grad)[1]).toBeCloseTo(0.8, 5);
      expect(clipGradNorm([one, other], 10).item()).toBeCloseTo(1, 5);
      expect(numbers(one.grad)[0]).toBeCloseTo(0.6, 5);
      one.zeroGrad_();
      other.zeroGrad_();
      expect(clipGradNorm([one, other], 1).item()).toBe(0);
    });
    one.dispose();
    other.dispose();
  });
});
