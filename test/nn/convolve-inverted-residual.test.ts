/**
 * Compares inverted residual blocks that run as one operator with the same layers one by one, for every way in which the
 * operator divides its work: expansion or none, channels that fill no vector, several chunks and stripes, strides,
 * dilation, shortcuts, both dtypes and several numbers of threads.
 */
import { type Activation, BatchNorm2d, Conv2d } from 'coarsely/nn';
import {
  Generator,
  noGrad,
  ops,
  rand,
  randn,
  setThreads,
  threads,
  tidy,
  withKernels,
  zeros,
} from 'coarsely/torch';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { convolveInvertedResidual } from '#nn/convolve-inverted-residual.js';
import { FoldedConvolutions } from '#nn/folded-convolutions.js';

let generator: Generator;
beforeEach(() => {
  generator = new Generator(5);
});
afterEach(() => {
  generator.dispose();
});

interface Case {
  readonly inChannels: number;
  readonly expanded: number;
  readonly outChannels: number;
  readonly kernelSize?: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly activation?: Activation;
  readonly size?: readonly [number, number];
  readonly batch?: number;
}

const cases: readonly Case[] = [
  { inChannels: 16, expanded: 96, outChannels: 24, stride: 2 },
  { inChannels: 24, expanded: 144, outChannels: 24 },
  { inChannels: 32, expanded: 32, outChannels: 16 },
  // Channels that fill no vector, with an expansion and without.
  { inChannels: 8, expanded: 40, outChannels: 12, activation: 'hardswish' },
  { inChannels: 8, expanded: 8, outChannels: 8, activation: 'relu' },
  { inChannels: 24, expanded: 24, outChannels: 24, activation: 'none' },
  // An odd number of channels has no pairs of bfloat16 numbers.
  { inChannels: 9, expanded: 48, outChannels: 9 },
  // Four vectors of columns, and five: groups of different widths.
  { inChannels: 16, expanded: 64, outChannels: 80 },
  { inChannels: 16, expanded: 80, outChannels: 64 },
  { inChannels: 24, expanded: 72, outChannels: 40, kernelSize: 5, stride: 2, activation: 'relu' },
  { inChannels: 40, expanded: 120, outChannels: 40, kernelSize: 5, activation: 'hardswish' },
  { inChannels: 16, expanded: 96, outChannels: 16, dilation: 2 },
  // A filter that is larger than the maps.
  { inChannels: 16, expanded: 96, outChannels: 16, dilation: 4, size: [3, 5] },
  { inChannels: 16, expanded: 48, outChannels: 16, size: [1, 1] },
  // Rows so wide and channels so many that chunks and stripes are small, and more than one image.
  { inChannels: 16, expanded: 192, outChannels: 24, stride: 2, size: [33, 401] },
  { inChannels: 96, expanded: 576, outChannels: 96, size: [23, 30], batch: 2 },
  { inChannels: 160, expanded: 960, outChannels: 160, dilation: 2, size: [17, 65] },
];

function createLayers({ inChannels, expanded, outChannels, kernelSize = 3, stride = 1, dilation = 1 }: Case) {
  const layer = (from: number, to: number, options: { kernelSize: number; groups?: number }) => {
    const padding = ((options.kernelSize - 1) / 2) * dilation;
    const own = options.groups === undefined ? {} : { stride, dilation, padding };
    const conv = new Conv2d(from, to, { ...options, ...own, bias: false, generator });
    const bn = new BatchNorm2d(to);
    noGrad(() =>
      tidy(() => {
        const draw = () => rand([to], { dtype: 'float32', generator });
        bn.weight.copy_(draw().add(0.5));
        bn.bias.copy_(draw());
        bn.running_mean.copy_(draw().sub(0.5));
        bn.running_var.copy_(draw().mul(0.2).add(0.05));
      }),
    );
    conv.eval();
    bn.eval();
    return { conv, bn };
  };
  return {
    expand: inChannels === expanded ? null : layer(inChannels, expanded, { kernelSize: 1 }),
    depthwise: layer(expanded, expanded, { kernelSize, groups: expanded }),
    project: layer(expanded, outChannels, { kernelSize: 1 }),
  };
}

function disposeLayers({ expand, depthwise, project }: ReturnType<typeof createLayers>) {
  for (const layer of [expand, depthwise, project]) {
    layer?.conv.dispose();
    layer?.bn.dispose();
  }
}

test.each(cases)('%o', (setting) => {
  const { inChannels, outChannels, stride = 1, size: [height, width] = [13, 20], batch = 1 } = setting;
  const layers = createLayers(setting);
  const activation = setting.activation ?? 'relu6';
  const before = threads();
  tidy(() =>
    noGrad(() => {
      const inputNCHW = randn([batch, inChannels, height, width], { dtype: 'float32', generator });
      const shortcuts = stride === 1 && inChannels === outChannels ? [null, inputNCHW] : [null];
      for (const residual of shortcuts) {
        const expected = convolveInvertedResidual(layers, inputNCHW, { residual, activation });
        for (const dtype of ['float32', 'bfloat16'] as const) {
          using folded = new FoldedConvolutions({ dtype });
          const asBlock = vi.spyOn(folded, 'convolveBlock');
          const run = () =>
            folded.run(() => convolveInvertedResidual(layers, inputNCHW, { residual, activation }));
          const actual = run();
          expect(actual.dtype).toBe(dtype);
          expect(actual.isContiguous('channels-last')).toBe(true);
          expect(actual).toBeAllclose(expected, { relativeToLargest: dtype === 'float32' ? 1e-5 : 0.03 });
          expect(asBlock).toHaveBeenCalledOnce();
          for (const count of [1, 2, 5]) {
            setThreads(count);
            expect(run().toTypedArray()).toEqual(actual.toTypedArray());
          }
          setThreads(before);
        }
      }
    }),
  );
  disposeLayers(layers);
});

test('layers run one by one with stock kernels and in training', () => {
  const layers = createLayers({ inChannels: 8, expanded: 16, outChannels: 8 });
  using folded = new FoldedConvolutions();
  const asBlock = vi.spyOn(folded, 'convolveBlock');
  tidy(() =>
    noGrad(() => {
      const input = randn([1, 8, 6, 6], { dtype: 'float32', generator });
      const run = () => folded.run(() => convolveInvertedResidual(layers, input, { activation: 'relu6' }));
      withKernels('stock', run);
      layers.project.bn.train();
      run();
      expect(asBlock).not.toHaveBeenCalled();
    }),
  );
  disposeLayers(layers);
});

test('layers that are no inverted residual block, and maps of other channels, are refused', () => {
  tidy(() => {
    const float = (...shape: number[]) => zeros(shape, { dtype: 'float32' });
    const pack = (expand: readonly number[], depthwise: readonly number[], project: readonly number[]) =>
      ops.packInvertedResidual(
        float(...expand),
        float(expand[0] ?? 0),
        float(...depthwise),
        float(depthwise[0] ?? 0),
        float(...project),
        float(project[0] ?? 0),
        1,
        1,
        1,
        'relu6',
      );
    expect(() => pack([32, 8, 1, 1], [32, 2, 3, 3], [8, 32, 1, 1])).toThrow(
      /filters \[hidden,1,height,width\]/,
    );
    expect(() => pack([32, 8, 3, 3], [32, 1, 3, 3], [8, 32, 1, 1])).toThrow(/expansion \[hidden,in,1,1\]/);
    expect(() => pack([32, 8, 1, 1], [32, 1, 3, 3], [8, 16, 1, 1])).toThrow(/projection \[out,hidden,1,1\]/);
    const packed = pack([32, 8, 1, 1], [32, 1, 3, 3], [8, 32, 1, 1]);
    expect(() => ops.convolvePacked(float(1, 16, 5, 5), packed, null, 'none')).toThrow(/8 channels/);
    expect(() => ops.convolvePacked(float(1, 8, 5, 5), packed, float(1, 8, 4, 5), 'none')).toThrow(
      /residual/,
    );
  });
});
