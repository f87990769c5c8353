/** Creates the shortcut of a block whose input and output differ in size or channels. */

import { AveragePool2d, BatchNorm2d, Conv2d, kaimingNormal, Sequential } from '../../nn/index.js';
import { convolveNormalized } from '../../nn/internal.js';
import type { Generator, Tensor } from '../../torch/index.js';

/** Configures `createDownsample`. */
export interface DownsampleOptions {
  readonly stride: number;
  /**
   * Averages the pixels that a stride would skip (He et al. 2019, "ResNet-D"). The pooling is a layer of its own also
   * at stride 1, so that names are mmsegmentation's and those of the published weights.
   */
  readonly pooled?: boolean;
  readonly generator: Generator;
}

/**
 * Returns a 1×1 convolution with batch normalization, from [N, in, H, W] to [N, out, H / stride, W / stride]; null
 * where the input has that size already.
 */
export function createDownsample(
  inChannels: number,
  outChannels: number,
  { stride, pooled = false, generator }: DownsampleOptions,
): Sequential | null {
  if (stride === 1 && inChannels === outChannels) return null;
  return new Downsample({
    before: pooled ? [new AveragePool2d({ kernelSize: stride, coverEdges: true, countPadding: false })] : [],
    conv: new Conv2d(inChannels, outChannels, {
      kernelSize: 1,
      stride: pooled ? 1 : stride,
      bias: false,
      generator,
      initializeWeight: kaimingNormal,
    }),
    bn: new BatchNorm2d(outChannels),
  });
}

/** Has the layers of a `Sequential`, so that names are those of published weights, and runs the last two as one. */
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
