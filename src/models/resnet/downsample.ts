/** The way past a block whose input and output differ in size or channels: a 1×1 convolution with its stride. */
import { BatchNorm2d, Conv2d, kaimingNormal, Sequential } from '../../nn/index.js';
import type { Generator } from '../../torch/index.js';

export interface DownsampleOptions {
  readonly stride: number;
  readonly generator: Generator;
}

/** [N, in, H, W] to [N, out, H / stride, W / stride]. */
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
