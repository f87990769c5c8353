/** Checks layers by values computed by hand and by their definitions. */
import {
  AdaptiveAveragePool2d,
  BatchNorm2d,
  Conv2d,
  constant,
  Dropout,
  Dropout2d,
  globalAveragePool,
  kaimingNormal,
  kaimingUniform,
  MaxPool2d,
  normal,
  resizeBilinear,
  Sequential,
} from 'coarsely/nn';
import { arange, Generator, ones, randn, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let generator: Generator;
beforeEach(() => {
  generator = new Generator(7);
});
afterEach(() => {
  generator.dispose();
});

function numbers(tensor: Tensor): number[] {
  return Array.from(tensor.to({ dtype: 'float32' }).toTypedArray() as Float32Array);
}

const image = (values: readonly number[], shape: readonly number[]) =>
  tensorFrom(values, { dtype: 'float32', shape });

describe('Conv2d', () => {
  test('a 3×3 sum with padding, stride and bias', () => {
    const conv = new Conv2d(1, 1, {
      kernelSize: 3,
      padding: 1,
      stride: 2,
      generator,
      initializeWeight: constant(1),
      initializeBias: constant(10),
    });
    tidy(() => {
      const output = conv.forward(image([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]));
      expect(output.shape).toEqual([1, 1, 2, 2]);
      expect(numbers(output)).toEqual([22, 26, 34, 38]);
    });
    conv.dispose();
  });

  test('dilation and groups', () => {
    const conv = new Conv2d(2, 2, {
      kernelSize: 3,
      padding: 2,
      dilation: 2,
      groups: 2,
      bias: false,
      generator,
      initializeWeight: constant(1),
    });
    expect(conv.bias).toBeNull();
    expect(conv.weight.shape).toEqual([2, 1, 3, 3]);
    tidy(() => {
      const output = conv.forward(image([...Array(9).keys(), ...Array(9).fill(0)], [1, 2, 3, 3]));
      // With a dilation of two a corner's kernel covers the other corners, and the center's only the center.
      expect(numbers(output)).toEqual([16, 8, 16, 8, 4, 8, 16, 8, 16, ...Array(9).fill(0)]);
    });
    conv.dispose();
  });

  test('weight and bias are initialized as in PyTorch, uniform in ±1/√fan-in', () => {
    const conv = new Conv2d(16, 32, { kernelSize: 3, generator });
    const bound = 1 / Math.sqrt(16 * 9);
    tidy(() => {
      for (const parameter of [conv.weight, conv.bias]) {
        const values = numbers(parameter as Tensor);
        expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound * 1.000001);
        expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(bound * 0.8);
      }
    });
    conv.dispose();
  });

  test('channels that do not divide into groups are refused', () => {
    expect(() => new Conv2d(3, 4, { kernelSize: 1, groups: 2, generator })).toThrow(/divisible by 2 groups/);
  });
});

describe('BatchNorm2d', () => {
  test('normalizes a batch and moves the running statistics by a tenth, with the unbiased variance', () => {
    const norm = new BatchNorm2d(1);
    tidy(() => {
      const output = numbers(norm.forward(image([1, 2, 3, 4], [1, 1, 2, 2])));
      const deviation = Math.sqrt(1.25 + 1e-5);
      for (const [index, value] of output.entries()) expect(value).toBeCloseTo((index - 1.5) / deviation, 5);
      expect(numbers(norm.running_mean)[0]).toBeCloseTo(0.25, 6);
      expect(numbers(norm.running_var)[0]).toBeCloseTo(0.9 + (0.1 * 5) / 3, 6);
    });
    norm.dispose();
  });

  test('in evaluation it uses the running statistics and leaves them', () => {
    const norm = new BatchNorm2d(1).eval();
    tidy(() => {
      const output = numbers(norm.forward(image([1, 2], [1, 1, 1, 2])));
      expect(output[1]).toBeCloseTo(2 / Math.sqrt(1 + 1e-5), 6);
      expect(numbers(norm.running_mean)).toEqual([0]);
    });
    norm.dispose();
  });

  test("PyTorch's count of batches is accepted and ignored; any other name is not", () => {
    const norm = new BatchNorm2d(2);
    tidy(() => {
      const state = new Map<string, Tensor>(norm.stateDict());
      expect([...state.keys()]).toEqual(['weight', 'bias', 'running_mean', 'running_var']);
      state.set('num_batches_tracked', tensorFrom([3n].map(Number), { dtype: 'int64', shape: [] }));
      expect(norm.loadStateDict(state)).toEqual({ missing: [], unexpected: [] });
      state.set('running_std', ones([2], { dtype: 'float32' }));
      expect(() => norm.loadStateDict(state)).toThrow(/unexpected running_std/);
    });
    norm.dispose();
  });
});

describe('dropout', () => {
  test.each(['Dropout', 'Dropout2d'] as const)(
    '%s keeps the mean, zeroes its share, repeats with its seed',
    (kind) => {
      const layer =
        kind === 'Dropout' ? new Dropout(0.25, { generator }) : new Dropout2d(0.25, { generator });
      tidy(() => {
        const input = ones([40, 100, 2, 2], { dtype: 'float32' });
        const state = generator.state();
        const first = numbers(layer.forward(input));
        const second = numbers(layer.forward(input));
        generator.setState(state);
        expect(numbers(layer.forward(input))).toEqual(first);
        expect(second).not.toEqual(first);
        const kept = first.filter((value) => value !== 0);
        expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.75)]));
        expect(kept.length / first.length).toBeCloseTo(0.75, 1);
        const mixed = Array.from(
          { length: 4000 },
          (_, channel) => new Set(first.slice(4 * channel, 4 * channel + 4)).size,
        );
        expect(mixed.some((size) => size > 1)).toBe(kind === 'Dropout');
        expect(layer.eval().forward(input)).toBe(input);
      });
    },
  );

  test('a probability of 1 is refused', () => {
    expect(() => new Dropout(1, { generator })).toThrow(/\[0, 1\)/);
  });
});

describe('pooling, resizing and Sequential', () => {
  test('max and average pooling', () => {
    tidy(() => {
      const input = arange(16, { dtype: 'float32' }).reshape([1, 1, 4, 4]);
      expect(numbers(new MaxPool2d({ kernelSize: 2 }).forward(input))).toEqual([5, 7, 13, 15]);
      const padded = new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }).forward(input);
      expect(numbers(padded)).toEqual([5, 7, 13, 15]);
      expect(numbers(globalAveragePool(input))).toEqual([7.5]);
      expect(numbers(new AdaptiveAveragePool2d([1, 2]).forward(input))).toEqual([6.5, 8.5]);
    });
  });

  test('bilinear resizing has its pixel centers at half-integers', () => {
    tidy(() => {
      const input = image([0, 4], [1, 1, 1, 2]);
      expect(numbers(resizeBilinear(input, [1, 4]))).toEqual([0, 1, 3, 4]);
      expect(resizeBilinear(input, [1, 2])).toBe(input);
    });
  });

  test('Sequential counts functions in its names', () => {
    const layers = new Sequential(
      new Conv2d(1, 2, { kernelSize: 1, bias: false, generator }),
      (input) => input.relu(),
      new Conv2d(2, 1, { kernelSize: 1, generator }),
    );
    expect([...layers.namedParameters().keys()]).toEqual(['0.weight', '2.weight', '2.bias']);
    tidy(() => {
      expect(layers.forward(randn([1, 1, 2, 2], { dtype: 'float32', generator })).shape).toEqual([
        1, 1, 2, 2,
      ]);
    });
    layers.dispose();
  });
});

describe('initializers', () => {
  const shape = [64, 32, 3, 3];
  const variance = (tensor: Tensor) => {
    const values = numbers(tensor);
    return values.reduce((sum, value) => sum + value * value, 0) / values.length;
  };

  test('variances are those of the formulas', () => {
    tidy(() => {
      expect(variance(kaimingNormal(shape, generator)) / (2 / (64 * 9))).toBeCloseTo(1, 1);
      expect(variance(kaimingUniform(shape, generator)) / (1 / (3 * 32 * 9))).toBeCloseTo(1, 1);
      expect(variance(normal(0.01)(shape, generator)) / 1e-4).toBeCloseTo(1, 1);
      expect(numbers(constant(3)([2], generator))).toEqual([3, 3]);
    });
  });
});
