/** Compares the fused update with libtorch's operators, bit for bit, and the fused clipping to rounding. */
import { createHash } from 'node:crypto';
import { Parameter } from 'coarsely/nn';
import { clipGradNorm, Sgd, type SgdGroup } from 'coarsely/optim';
import {
  Generator,
  type Kernels,
  ops,
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

// More elements than one chunk of the kernel has, fewer than a vector, layouts of weights, a scalar.
const shapes = [[20_001], [7], [8, 6, 3, 3], [16, 4, 1, 1], [1]];

function draw(shape: readonly number[], generator: Generator): Tensor {
  const values = randn(shape, { dtype: 'float32', generator });
  return shape.length === 4 ? values.contiguous({ memoryFormat: 'channels-last' }) : values;
}

/** Returns digests of the bytes of all parameters and momenta after three steps. */
function run(kernels: Kernels, group: Omit<SgdGroup, 'parameters'>, threads = 1): string[] {
  setThreads(threads);
  return tidy(() => {
    using generator = new Generator(5);
    const parameters = shapes.map((shape) => new Parameter(draw(shape, generator)));
    const optimizer = new Sgd([{ parameters, ...group }], { learningRate: 0.1 });
    for (const rate of [0.1, 0.03, 0.007]) {
      optimizer.setLearningRate(rate);
      for (const [place, parameter] of parameters.entries()) {
        // A gradient in another layout than its parameter has to reach the right elements.
        const gradient = draw(shapes[place] ?? [], generator);
        parameter.grad = place === 3 ? gradient : gradient.contiguous();
      }
      withKernels(kernels, () => optimizer.step());
    }
    const digests = [...parameters, ...optimizer.state().values()].map((tensor) =>
      createHash('sha256').update(tensor.toBytes()).digest('hex'),
    );
    for (const parameter of parameters) parameter.dispose();
    optimizer.dispose();
    return digests;
  });
}

describe('the same bits as the engine’s operators', () => {
  test.each([
    ['momentum and decay', {}],
    ['climbing', { maximize: true, learningRateScale: 50 }],
    ['without decay', { weightDecay: 0 }],
    ['without momentum', { momentum: 0 }],
    ['plain', { momentum: 0, weightDecay: 0, maximize: true }],
  ])('%s', (_, group) => {
    const expected = run('stock', group);
    expect(run('fused', group)).toEqual(expected);
    expect(run('fused', group, 2)).toEqual(expected);
  });
});

test('what it cannot do in one pass it does in several: float64', () => {
  const results = (['fused', 'stock'] as const).map((kernels) =>
    tidy(() => {
      const parameter = new Parameter(tensorFrom([1, -2], { dtype: 'float64', shape: [2] }));
      const optimizer = new Sgd([{ parameters: [parameter], maximize: true }], { learningRate: 0.1 });
      for (let step = 0; step < 2; step += 1) {
        parameter.grad = tensorFrom([0.3, 0.7], { dtype: 'float64', shape: [2] });
        withKernels(kernels, () => optimizer.step());
      }
      const values = [...(parameter.toTypedArray() as Float64Array)];
      parameter.dispose();
      optimizer.dispose();
      return values;
    }),
  );
  expect(results[0]?.[0]).toBeCloseTo(results[1]?.[0] ?? Number.NaN, 12);
  expect(results[0]?.[1]).toBeCloseTo(results[1]?.[1] ?? Number.NaN, 12);
});

test('a gradient of another shape is refused', () => {
  tidy(() => {
    using generator = new Generator(1);
    const [parameter, gradient] = [draw([2], generator), draw([3], generator)];
    const rule = { learningRate: 0.1, momentum: 0, weightDecay: 0, maximize: false, first: true };
    expect(() => ops.sgdStep_([parameter], [gradient], [], rule)).toThrow(
      /expected a gradient .* of parameter 0, \[2\], received a gradient of shape \[3\]/,
    );
  });
});

describe('clipping', () => {
  const norms = (kernels: Kernels, maximum: number, threads = 1) => {
    setThreads(threads);
    return tidy(() => {
      using generator = new Generator(6);
      const parameters = shapes.map((shape) => new Parameter(draw(shape, generator)));
      for (const [place, parameter] of parameters.entries())
        parameter.grad = draw(shapes[place] ?? [], generator);
      const norm = withKernels(kernels, () => clipGradNorm(parameters, maximum)).item();
      const gradients = parameters.flatMap(({ grad }) => [
        ...((grad as Tensor).toTypedArray() as Float32Array),
      ]);
      for (const parameter of parameters) parameter.dispose();
      return { norm, gradients };
    });
  };

  test('one pass finds the norm of the engine’s operators and scales by it', () => {
    const [fused, stock] = [norms('fused', 3), norms('stock', 3)];
    expect(fused.norm / stock.norm).toBeCloseTo(1, 4);
    expect(Math.hypot(...fused.gradients)).toBeCloseTo(3, 3);
    expect(fused.gradients).toBeAllclose(stock.gradients, { absolute: 1e-5 });
  });

  test('any number of threads gives the same bits, and a norm below the maximum none another', () => {
    expect(norms('fused', 3, 2)).toEqual(norms('fused', 3, 1));
    const untouched = norms('fused', 1e6);
    expect(Math.hypot(...untouched.gradients)).toBeCloseTo(untouched.norm, 1);
  });
});
