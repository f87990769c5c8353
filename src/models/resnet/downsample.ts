/** The way past a block whose input and output differ in size or channels: a 1×1 convolution, and what reduces the size. */
import { AveragePool2d, BatchNorm2d, Conv2d, kaimingNormal, Sequential } from '../../nn/index.js';
import type { Generator } from '../../torch/index.js';

export interface DownsampleOptions {
  readonly stride: number;
  readonly generator: Generator;
}

/** [N, in, H, W] to [N, out, H / stride, W / stride]: ResNet's strided 1×1 convolution. */
export function createDownsample(
  inChannels: number,
  outChannels: number,
  { stride, generator }: DownsampleOptions,
): Sequential {
  return new Sequential(
    new Conv2d(inChannels, outChannels, {
      kernelSize: 1,
      stride,
      bias: false,
      generator,
      initialiseWeight: kaimingNormal,
    }),
    new BatchNorm2d(outChannels),
  );
}

/**
 * The same with the mean of what a stride would skip (He et al. 2019, "ResNet-D"). The pooling counts as a layer of its
 * own also where the stride is 1, so that names are mmsegmentation's and those of the published weights.
 */
export function createPooledDownsample(
  inChannels: number,
  outChannels: number,
  { stride, generator }: DownsampleOptions,
): Sequential {
  return new Sequential(
    new AveragePool2d({ kernelSize: stride, coverEdges: true, countPadding: false }),
    new Conv2d(inChannels, outChannels, {
      kernelSize: 1,
      bias: false,
      generator,
      initialiseWeight: kaimingNormal,
    }),
    new BatchNorm2d(outChannels),
  );
}
