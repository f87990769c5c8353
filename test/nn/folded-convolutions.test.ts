/**
 * Compares packed convolutions with the plain layers, for every geometry with a kernel of its own and every epilogue.
 */
import { type Activation, BatchNorm2d, Conv2d } from 'coarsely/nn';
import { Generator, noGrad, ops, rand, randn, scope, type Tensor, tidy, zeros } from 'coarsely/torch';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { convolveNormalized } from '#nn/convolve-normalized.js';
import { FoldedConvolutions } from '#nn/folded-convolutions.js';

let generator: Generator;
beforeEach(() => {
  generator = new Generator(3);
});
afterEach(() => {
  generator.dispose();
});

interface Case {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
  readonly bias?: boolean;
}

const cases: readonly Case[] = [
  { inChannels: 16, outChannels: 32, kernelSize: 1 },
  { inChannels: 3, outChannels: 8, kernelSize: 3, stride: 2, padding: 1, bias: true },
  { inChannels: 8, outChannels: 8, kernelSize: 3, padding: 2, dilation: 2, groups: 2 },
  // Depthwise: strips of 64 and of 16 channels, borders wider than the image, strides; 24 channels have no strip.
  { inChannels: 80, outChannels: 80, kernelSize: 3, padding: 1, groups: 80 },
  { inChannels: 80, outChannels: 80, kernelSize: 3, padding: 12, dilation: 12, groups: 80 },
  { inChannels: 16, outChannels: 16, kernelSize: 5, stride: 2, padding: 1, groups: 16, bias: true },
  { inChannels: 24, outChannels: 24, kernelSize: 3, padding: 1, groups: 24 },
];

const ends = [
  { residual: false, activation: 'none' },
  { residual: false, activation: 'relu' },
  { residual: true, activation: 'none' },
  { residual: true, activation: 'relu' },
  ...[false, true].flatMap((residual) =>
    (['relu6', 'hardswish'] as const).map((activation) => ({ residual, activation })),
  ),
] as const;

const formulas: Readonly<Record<Activation, (x: Tensor) => Tensor>> = {
  none: (x) => x,
  relu: (x) => x.relu(),
  relu6: (x) => x.clamp({ min: 0, max: 6 }),
  hardswish: (x) => x.mul(x.add(3).clamp({ min: 0, max: 6 })).div(6),
};

function createLayers({ inChannels, outChannels, bias = false, ...options }: Case) {
  const conv = new Conv2d(inChannels, outChannels, { ...options, bias, generator });
  const bn = new BatchNorm2d(outChannels);
  noGrad(() =>
    tidy(() => {
      const draw = () => rand([outChannels], { dtype: 'float32', generator });
      bn.weight.copy_(draw().sub(0.4));
      bn.bias.copy_(draw().sub(0.5));
      bn.running_mean.copy_(draw().sub(0.5));
      bn.running_var.copy_(draw().add(0.5));
    }),
  );
  conv.eval();
  bn.eval();
  return { conv, bn };
}

test.each(cases)('%o', (setting) => {
  const layers = createLayers(setting);
  using _tensors = scope();
  // Large enough that values pass every kink of the activations.
  const inputNCHW = randn([2, setting.inChannels, 9, 7], { dtype: 'float32', generator }).mul(12);
  for (const dtype of ['float32', 'bfloat16'] as const) {
    using folded = new FoldedConvolutions({ dtype });
    for (const { residual, activation } of ends) {
      noGrad(() => {
        const plain = convolveNormalized(layers, inputNCHW);
        const added = residual ? randn(plain.shape, { dtype: 'float32', generator }).mul(4) : null;
        const joined = added === null ? plain : plain.add(added);
        const expected = formulas[activation](joined);
        const actual = folded.run(() =>
          convolveNormalized(layers, inputNCHW, { residual: added, activation }),
        );
        expect(actual.dtype).toBe(dtype);
        expect(actual).toBeAllclose(expected, { relativeToLargest: dtype === 'float32' ? 1e-5 : 0.03 });
      });
    }
    noGrad(() => {
      const alone = folded.run(() => layers.conv.forward(inputNCHW));
      expect(alone.shape).toEqual(layers.conv.forward(inputNCHW).shape);
    });
  }
  layers.conv.dispose();
  layers.bn.dispose();
});

test('inputs with other channels than the weights, or smaller than a kernel, are refused', () => {
  tidy(() => {
    const [weight, bias] = [
      randn([16, 1, 3, 3], { dtype: 'float32', generator }),
      zeros([16], { dtype: 'float32' }),
    ];
    const packed = ops.packConvolution(weight, bias, [1, 1], [0, 0], [2, 2], 16, [1, 16, 9, 7], 'none');
    const run = (shape: readonly number[]) =>
      ops.convolvePacked(zeros(shape, { dtype: 'float32' }), packed, null, 'none');
    expect(() => run([1, 32, 9, 7])).toThrow(/16 channels/);
    expect(() => run([1, 16, 9, 4])).toThrow(/filter of 5 pixels/);
    expect(run([1, 16, 9, 5]).shape).toEqual([1, 16, 5, 1]);
  });
});

test('a network in training is not folded, and weights are those of the first run', () => {
  const layers = createLayers({ inChannels: 4, outChannels: 16, kernelSize: 1 });
  using folded = new FoldedConvolutions();
  tidy(() =>
    noGrad(() => {
      const input = randn([2, 4, 5, 5], { dtype: 'float32', generator });
      const first = folded.run(() => convolveNormalized(layers, input));
      layers.conv.weight.mul_(2);
      const second = folded.run(() => convolveNormalized(layers, input));
      expect(second).toBeAllclose(first);
      layers.bn.train();
      const mean = folded.run(() => convolveNormalized(layers, input)).mean([0, 2, 3]);
      expect(mean).toBeAllclose(layers.bn.bias, { absolute: 1e-4 });
    }),
  );
  layers.conv.dispose();
  layers.bn.dispose();
});

test('an activation of another name is refused', () => {
  tidy(() => {
    const weight = zeros([4, 4, 1, 1], { dtype: 'float32' });
    const bias = zeros([4], { dtype: 'float32' });
    expect(() => ops.packConvolution(weight, bias, 1, 0, 1, 1, [1, 4, 5, 5], 'gelu')).toThrow(
      /hardswish, received gelu/,
    );
  });
});

test('a tensor that is not packed is refused', () => {
  tidy(() => {
    const input = randn([1, 4, 5, 5], { dtype: 'float32', generator });
    expect(() => ops.convolvePacked(input, input, null, 'none')).toThrow('packed by pack_convolution');
  });
});
