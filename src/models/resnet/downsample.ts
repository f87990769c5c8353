/** The way past a block whose input and output differ in size or channels: a 1×1 convolution, and what reduces the size. */
import { AveragePool2d, BatchNorm2d, Conv2d, kaimingNormal, Sequential } from '../../nn/index.js';
import { convolveNormalized } from '../../nn/internal.js';
import type { Generator, Tensor } from '../../torch/index.js';

export interface DownsampleOptions {
  readonly stride: number;
  readonly generator: Generator;
}

/** Its layers are those of a `Sequential`, so that names are the published weights'; the last two run as one. */
class Downsample extends Sequential {
  readonly #before: Sequential;
  readonly #normalized: { readonly conv: Conv2d; readonly bn: BatchNorm2d };

  constructor({
    before,
    conv,
    bn,
  }: { readonly before: readonly AveragePool2d[]; readonly conv: Conv2d; readonly bn: BatchNorm2d }) {
    super(...before, conv, bn);
    this.#before = new Sequential(...before);
    this.#normalized = { conv, bn };
  }

  override forward(inputNCHW: Tensor): Tensor {
    return convolveNormalized(this.#normalized, this.#before.forward(inputNCHW));
  }
}

/** [N, in, H, W] to [N, out, H / stride, W / stride]: ResNet's strided 1×1 convolution. */
export function createDownsample(
  inChannels: number,
  outChannels: number,
  { stride, generator }: DownsampleOptions,
): Sequential {
  return new Downsample({
    before: [],
    conv: createPointwise(inChannels, outChannels, { stride, generator }),
    bn: new BatchNorm2d(outChannels),
  });
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
  return new Downsample({
    before: [new AveragePool2d({ kernelSize: stride, coverEdges: true, countPadding: false })],
    conv: createPointwise(inChannels, outChannels, { stride: 1, generator }),
    bn: new BatchNorm2d(outChannels),
  });
}

function createPointwise(
  inChannels: number,
  outChannels: number,
  { stride, generator }: DownsampleOptions,
): Conv2d {
  return new Conv2d(inChannels, outChannels, {
    kernelSize: 1,
    stride,
    bias: false,
    generator,
    initializeWeight: kaimingNormal,
  });
}
