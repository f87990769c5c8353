/** Compares batch normalization with shortcut and activation in one operator with libtorch's three operators. */
import { BatchNorm2d, synchronizeBatchNorm } from 'coarsely/nn';
import {
  type DType,
  Generator,
  ones,
  ops,
  randn,
  scope,
  setThreads,
  type Tensor,
  threads,
  tidy,
  withKernels,
} from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let threadsBefore = 1;
beforeEach(() => {
  threadsBefore = threads();
});
afterEach(() => {
  setThreads(threadsBefore);
});

const activations = ['none', 'relu', 'relu6', 'hardswish'] as const;

interface Case {
  readonly shape: readonly [number, number, number, number];
  readonly dtype: DType;
  readonly residual: boolean;
  readonly activation: (typeof activations)[number];
  readonly training: boolean;
  readonly layout: 'channels-last' | 'contiguous';
}

const usual: Case = {
  shape: [2, 19, 9, 11],
  dtype: 'float32',
  residual: true,
  activation: 'relu',
  training: true,
  layout: 'channels-last',
};
const yesNo = [true, false] as const;
const cases: readonly Case[] = [
  ...(['float32', 'bfloat16'] as const).flatMap((dtype) =>
    yesNo.flatMap((residual) =>
      yesNo.flatMap((training) =>
        activations.map((activation) => ({
          ...usual,
          dtype,
          residual,
          training,
          activation,
        })),
      ),
    ),
  ),
  ...(
    [
      [1, 3, 33, 17],
      [2, 48, 16, 15],
      [1, 2048, 5, 7],
      [3, 64, 1, 1],
      [2, 1, 6, 5],
      [1, 256, 40, 33],
    ] as const
  ).flatMap((shape) => (['float32', 'bfloat16'] as const).map((dtype) => ({ ...usual, shape, dtype }))),
  // Channels that fill no whole vectors, in every loop.
  ...activations.flatMap((activation) =>
    yesNo.map((residual) => ({ ...usual, shape: [2, 13, 7, 5] as const, activation, residual })),
  ),
  { ...usual, layout: 'contiguous' },
  { ...usual, layout: 'contiguous', dtype: 'bfloat16', residual: false },
  { ...usual, layout: 'contiguous', training: false, residual: false },
];

const names = ['output', 'input', 'residual', 'weight', 'bias', 'running_mean', 'running_var'] as const;
type Results = Record<(typeof names)[number], Float32Array | null>;

/**
 * Returns output, gradients and running statistics of a forward and backward pass with the values that `setting` draws.
 */
function pass(setting: Case, kernels: 'fused' | 'stock', dtype: DType = setting.dtype): Results {
  const { shape, residual, activation, training, layout } = setting;
  using _inner = scope();
  using generator = new Generator(11);
  const draw = (size: readonly number[]) => randn(size, { dtype: 'float32', generator });
  // Rounded to the dtype of the setting first, so that both get the same values; far from 0, so that sums do not
  // cancel.
  const maps = (offset: number) =>
    draw(shape).add(offset).to({ dtype: setting.dtype }).to({ dtype }).contiguous({ memoryFormat: layout });
  const norm = new BatchNorm2d(shape[1]).train(training);
  norm.weight.detach().copy_(draw([shape[1]]).add(1));
  norm.bias.detach().copy_(draw([shape[1]]));
  norm.running_mean.copy_(draw([shape[1]]).add(3));
  norm.running_var.copy_(draw([shape[1]]).abs().add(0.5));
  const input = maps(3).requiresGrad_();
  const shortcut = residual ? maps(0).requiresGrad_() : null;
  const weights = maps(0.5);
  const output = withKernels(kernels, () => norm.forward(input, { residual: shortcut, activation }));
  expect(output.dtype).toBe(dtype);
  expect(output.isContiguous(layout)).toBe(true);
  output.mul(weights).sum().backward();
  const floats = (tensor: Tensor | null | undefined) =>
    tensor ? (tensor.to({ dtype: 'float32' }).contiguous().toTypedArray() as Float32Array) : null;
  const results = {
    output: floats(output.detach()),
    input: floats(input.grad),
    residual: floats(shortcut?.grad),
    weight: floats(norm.weight.grad),
    bias: floats(norm.bias.grad),
    running_mean: floats(norm.running_mean),
    running_var: floats(norm.running_var),
  };
  norm.dispose();
  return results;
}

test.each(cases)('$shape $dtype, residual $residual, $activation, training $training, $layout', (setting) => {
  const ours = pass(setting, 'fused');
  // In bfloat16 libtorch rounds between its operators, so the fused one is compared with float32.
  const reference = pass(setting, 'stock', 'float32');
  const bfloat16 = setting.layout === 'channels-last' ? 6e-3 : 3e-2;
  const rounding = setting.dtype === 'float32' ? 3e-5 : bfloat16;
  for (const name of names) {
    const limit = name.startsWith('running') ? 1e-5 : rounding;
    expect
      .soft(ours[name], name)
      .toBeAllclose(reference[name], { relativeToLargest: limit, absolute: 1e-3 * limit });
  }
});

test.each(activations)("%s: libtorch's operators too have gradients in bfloat16", (activation) => {
  const setting = { ...usual, activation, residual: false, dtype: 'bfloat16' } as const;
  const [ours, reference] = [pass(setting, 'stock'), pass(setting, 'stock', 'float32')];
  const size = (values: readonly number[]) => Math.hypot(...values);
  for (const name of ['output', 'input', 'weight', 'bias'] as const) {
    // A few elements are rounded to the other side of a bend, so the difference of all counts.
    const [left, right] = [Array.from(ours[name] ?? []), Array.from(reference[name] ?? [])];
    const gap = size(left.map((value, place) => value - (right[place] ?? 0))) / size(right);
    expect.soft(gap, name).toBeLessThan(5e-2);
  }
});

test.each(activations)('%s: gradients are those of finite differences', (activation) => {
  using _inner = scope();
  using generator = new Generator(3);
  const draw = () =>
    randn([2, 3, 4, 5], { dtype: 'float32', generator }).contiguous({ memoryFormat: 'channels-last' });
  const norm = new BatchNorm2d(3);
  norm.weight.detach().fill_(0.3);
  const [input, weights, direction, other] = [draw(), draw(), draw(), draw()] as const;
  // Away from the places where an activation has no derivative: -3, 0, 3 and 6.
  const residual = draw()
    .gt(0)
    .to({ dtype: 'float32' })
    .mul(6)
    .add(draw().gt(0).to({ dtype: 'float32' }).mul(12))
    .sub(7.5);
  const value = (step: number) =>
    tidy(() =>
      norm
        .forward(input.add(direction.mul(step)), {
          residual: residual.add(other.mul(step)),
          activation,
        })
        .mul(weights)
        .sum()
        .item(),
    );
  const [x, r] = [input.clone().requiresGrad_(), residual.clone().requiresGrad_()] as const;
  norm.forward(x, { residual: r, activation }).mul(weights).sum().backward();
  const analytic = Number(x.grad?.mul(direction).sum().item()) + Number(r.grad?.mul(other).sum().item());
  expect((value(2e-3) - value(-2e-3)) / 4e-3 / analytic).toBeCloseTo(1, 2);
  norm.dispose();
});

test.each(
  activations.flatMap((activation) =>
    (['float32', 'bfloat16'] as const).map((dtype) => ({ activation, dtype })),
  ),
)('$activation, $dtype: the same bits on one thread and on two', ({ activation, dtype }) => {
  const setting = { ...usual, activation, dtype, shape: [2, 64, 40, 40] as const };
  setThreads(1);
  const one = pass(setting, 'fused');
  setThreads(2);
  expect(pass(setting, 'fused')).toEqual(one);
});

describe('what runs across a step', () => {
  const image = () => {
    using generator = new Generator(5);
    return randn([1, 4, 3, 3], { dtype: 'float32', generator }).contiguous({ memoryFormat: 'channels-last' });
  };

  test('in one process the statistics of all processes are its own', () => {
    using _inner = scope();
    const norm = new BatchNorm2d(4);
    const alone = norm.forward(image(), { activation: 'relu' }).contiguous().toTypedArray();
    expect(synchronizeBatchNorm(norm, true)).toBe(1);
    const together = withKernels('stock', () => norm.forward(image(), { activation: 'relu' }));
    expect(together.contiguous().toTypedArray()).toEqual(alone);
    norm.dispose();
  });

  test.each(activations)('%s: a NaN stays NaN, so that a diverged run is noticed', (activation) => {
    using _inner = scope();
    const norm = new BatchNorm2d(4);
    const output = norm.forward(image().mul(Number.NaN), { activation });
    expect(ops.isfinite(output).to({ dtype: 'float32' }).sum().item()).toBe(0);
    norm.dispose();
  });

  test('an activation that does not exist is named', () => {
    using _inner = scope();
    const channel = () => ones([4], { dtype: 'float32' });
    expect(() =>
      ops.batchNormActivation(
        image(),
        channel(),
        channel(),
        channel(),
        channel(),
        null,
        true,
        0.1,
        1e-5,
        'gelu',
        false,
      ),
    ).toThrow(/expected the activation none, relu, relu6 or hardswish, received gelu/);
  });

  test('a second backward pass needs the graph kept', () => {
    using _inner = scope();
    const norm = new BatchNorm2d(4);
    const input = image().requiresGrad_();
    const loss = norm.forward(input, { activation: 'relu' }).sum();
    loss.backward({ retainGraph: true });
    const once = norm.bias.grad?.toTypedArray() as Float32Array;
    loss.backward();
    expect(norm.bias.grad?.toTypedArray()).toEqual(once.map((value) => 2 * value));
    expect(() => loss.backward()).toThrow(/second time/);
    norm.dispose();
  });

  test('errors say what was expected', () => {
    using _inner = scope();
    const norm = new BatchNorm2d(4);
    expect(() => norm.forward(image().narrow(0, 0, 1).reshape([4, 3, 3]))).toThrow(
      /expected maps \[N,C,H,W\]/,
    );
    expect(() => norm.forward(image(), { residual: image().narrow(2, 0, 2) })).toThrow(
      /expected a residual of shape \[1, 4, 3, 3\]/,
    );
    norm.dispose();
  });
});
