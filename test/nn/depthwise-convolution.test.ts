/** Compares the training kernels of convolutions with one filter per channel with libtorch's in float64. */
import { BatchNorm2d, Conv2d } from 'coarsely/nn';
import {
  autocast,
  Generator,
  memory,
  randn,
  scope,
  setThreads,
  type Tensor,
  threads,
  tidy,
  withKernels,
} from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startOperatorTimes, stopOperatorTimes } from '#torch/operator-times.js';

let threadsBefore = 1;
beforeEach(() => {
  threadsBefore = threads();
});
afterEach(() => {
  setThreads(threadsBefore);
});

interface Case {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
  readonly bias: boolean;
  readonly layout: 'channels-last' | 'contiguous';
}

const usual: Case = {
  channels: 32,
  height: 11,
  width: 23,
  kernelSize: 3,
  stride: 1,
  dilation: 1,
  padding: 1,
  bias: false,
  layout: 'channels-last',
};
const geometries = [3, 5].flatMap((kernelSize) =>
  [1, 2].flatMap((stride) =>
    [1, 2, 3, 6].map((dilation) => ({ kernelSize, stride, dilation, padding: dilation * (kernelSize >> 1) })),
  ),
);
const cases: readonly Case[] = [
  ...geometries.map((geometry) => ({ ...usual, ...geometry })),
  // Even sizes, where the last row or column of a strided convolution reaches less far.
  ...geometries.map((geometry) => ({ ...usual, ...geometry, height: 16, width: 32 })),
  // Channels that vectors do not divide, and too few for the kernels (32 in bfloat16), which libtorch convolves.
  ...[16, 17, 24, 40, 72, 120, 304, 5].map((channels) => ({ ...usual, channels })),
  { ...usual, channels: 72, kernelSize: 5, stride: 2, padding: 2 },
  // Sizes from a single pixel on, and a filter that is larger than the image.
  ...[1, 2, 3].map((size) => ({ ...usual, height: size, width: size })),
  { ...usual, height: 4, width: 4, dilation: 12, padding: 12 },
  // Padding of other widths, which other libraries' checkpoints have.
  { ...usual, padding: 0 },
  { ...usual, padding: 3 },
  { ...usual, kernelSize: 5, stride: 2, padding: 0, dilation: 2 },
  { ...usual, bias: true },
  // Maps in another layout keep it, and libtorch convolves them.
  { ...usual, layout: 'contiguous', stride: 2 },
];

type Results = Record<'output' | 'input' | 'weight' | 'bias', Float32Array | null>;

/** Returns output and gradients of the convolution that `setting` describes, in `dtype`, on values that bfloat16 holds. */
function pass(setting: Case, dtype: 'float64' | 'float32' | 'bfloat16', kernels: 'fused' | 'stock'): Results {
  const { channels, height, width, layout, ...geometry } = setting;
  using _inner = scope();
  using generator = new Generator(7);
  const maps = (shape: readonly number[]) =>
    randn(shape, { dtype: 'float32', generator })
      .to({ dtype: 'bfloat16' })
      .to({ dtype })
      .contiguous({ memoryFormat: layout });
  const conv = new Conv2d(channels, channels, { ...geometry, groups: channels, generator });
  conv.to({ dtype: dtype === 'float64' ? 'float64' : 'float32' });
  const input = maps([2, channels, height, width]).requiresGrad_();
  const run = () => withKernels(kernels, () => conv.forward(input));
  const output = dtype === 'bfloat16' ? autocast({ dtype }, run) : run();
  expect(output.dtype).toBe(dtype);
  expect(output.isContiguous(layout)).toBe(true);
  // One weight per element, so that a gradient at a wrong place is seen.
  output.mul(maps(output.shape)).sum().backward();
  const floats = (tensor: Tensor | null | undefined) =>
    tensor ? (tensor.to({ dtype: 'float32' }).contiguous().toTypedArray() as Float32Array) : null;
  const results = {
    output: floats(output.detach()),
    input: floats(input.grad),
    weight: floats(conv.weight.grad),
    bias: floats(conv.bias?.grad),
  };
  conv.dispose();
  return results;
}

describe.each(['float32', 'bfloat16'] as const)('%s', (dtype) => {
  test.each(cases)(
    '$channels×$height×$width, $kernelSize wide, stride $stride, dilation $dilation, padding $padding, $layout',
    (setting) => {
      const ours = pass(setting, dtype, 'fused');
      const reference = pass(setting, 'float64', 'stock');
      for (const name of ['output', 'input', 'weight', 'bias'] as const) {
        // Sums are in float32; maps of bfloat16 keep eight bits. libtorch also rounds the filters to them.
        const isRounded =
          name === 'output' || name === 'input' || setting.channels < 32 || setting.layout === 'contiguous';
        const limit = dtype === 'float32' ? 2e-6 : isRounded ? 6e-3 : 1e-5;
        expect.soft(ours[name], name).toBeAllclose(reference[name], { relativeToLargest: limit });
      }
    },
  );

  test('the same bits on one thread and on two', () => {
    const setting = { ...usual, channels: 96, height: 40, width: 56 };
    for (const stride of [1, 2]) {
      setThreads(1);
      const one = pass({ ...setting, stride }, dtype, 'fused');
      setThreads(2);
      expect(pass({ ...setting, stride }, dtype, 'fused')).toEqual(one);
    }
  });
});

test('a part of other maps, which is not contiguous, gets the same values and gradients as a copy', () => {
  using _inner = scope();
  using generator = new Generator(5);
  const conv = new Conv2d(32, 32, {
    kernelSize: 3,
    stride: 2,
    padding: 1,
    groups: 32,
    bias: false,
    generator,
  });
  const whole = randn([2, 48, 9, 15], { dtype: 'float32', generator }).contiguous({
    memoryFormat: 'channels-last',
  });
  const results = [false, true].map((copies) => {
    const part = whole.narrow(1, 16, 32).narrow(3, 2, 11);
    const input = (
      copies ? part.contiguous({ memoryFormat: 'channels-last' }) : part.detach()
    ).requiresGrad_();
    expect(input.isContiguous('channels-last')).toBe(copies);
    conv.weight.zeroGrad_();
    const output = conv.forward(input);
    // An expanded gradient has no layout of its own.
    output.sum().backward();
    return [output.detach(), input.grad, conv.weight.grad].map((tensor) =>
      tensor?.contiguous().toTypedArray(),
    );
  });
  expect(results[0]).toEqual(results[1]);
  conv.dispose();
});

test('gradients are those of finite differences', () => {
  using _inner = scope();
  using generator = new Generator(3);
  const draw = (shape: readonly number[]) =>
    randn(shape, { dtype: 'float32', generator }).contiguous({ memoryFormat: 'channels-last' });
  const conv = new Conv2d(16, 16, { kernelSize: 3, stride: 2, padding: 1, groups: 16, generator });
  const shape = [2, 16, 6, 7];
  const [input, direction, filter, turn] = [
    draw(shape),
    draw(shape),
    conv.weight.detach().clone(),
    draw([16, 1, 3, 3]),
  ];
  const factors = draw([2, 16, 3, 4]);
  // The convolution is linear in both, so differences over a whole step are exact but for rounding.
  const value = (step: number) =>
    tidy(() => {
      conv.weight.detach().copy_(filter.add(turn.mul(step)));
      return conv
        .forward(input.add(direction.mul(step)))
        .mul(factors)
        .sum()
        .item();
    });
  const difference = (value(0.5) - value(-0.5)) / 1;
  conv.weight.detach().copy_(filter);
  const x = input.clone().requiresGrad_();
  conv.forward(x).mul(factors).sum().backward();
  const analytic =
    Number(x.grad?.mul(direction).sum().item()) + Number(conv.weight.grad?.mul(turn).sum().item());
  expect(difference / analytic).toBeCloseTo(1, 4);
  conv.dispose();
});

test('behind a normalization the input is made again instead of kept', () => {
  using _inner = scope();
  using generator = new Generator(3);
  const [norm, conv] = [
    new BatchNorm2d(32),
    new Conv2d(32, 32, { kernelSize: 3, padding: 1, groups: 32, bias: false, generator }),
  ];
  const input = randn([2, 32, 64, 64], { dtype: 'float32', generator }).contiguous({
    memoryFormat: 'channels-last',
  });
  const mapBytes = 4 * 2 * 32 * 64 * 64;
  const before = memory().liveBytes;
  const output = tidy(() =>
    conv.forward(norm.forward(input.detach().requiresGrad_(), { activation: 'relu' })),
  );
  // The output and little else: the input was there before.
  expect(memory().liveBytes - before).toBeLessThan(1.1 * mapBytes);
  startOperatorTimes();
  output.square().sum().backward();
  expect(stopOperatorTimes().map(({ name }) => name)).toContain('DepthwiseConvolutionBackward');
  for (const module of [norm, conv]) module.dispose();
});
