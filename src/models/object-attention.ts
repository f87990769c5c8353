/**
 * Implements the attention of OCR (Yuan et al. 2020, section 3.2, Eqs. 2–5), mmsegmentation's `SpatialGatherModule`
 * and `ObjectAttentionBlock`: every pixel attends to the object regions instead of to the other pixels, so that the
 * cost grows with pixels · classes.
 */

import { Module, Sequential } from '../nn/index.js';
import { spatialSize } from '../nn/internal.js';
import { cat, type Generator, type Tensor } from '../torch/index.js';
import { ConvNormRelu } from './conv-norm-relu.js';

/** Configures `ObjectAttention`. */
export interface ObjectAttentionOptions {
  /** Channels in which pixels and regions are compared. */
  readonly keyChannels: number;
  readonly generator: Generator;
}

/**
 * Returns object regions: for every class the mean of the features, weighted by a softmax of its logits over the pixels
 * (Eq. 2).
 *
 * @param featuresNCHW [N, channels, h, w]
 * @param logitsNCHW [N, classes, h, w]
 * @returns [N, channels, classes, 1]
 */
export function gatherRegions(featuresNCHW: Tensor, logitsNCHW: Tensor): Tensor {
  const share = logitsNCHW.flatten(2).softmax(2);
  return share.matmul(byPixel(featuresNCHW)).transpose(1, 2).unsqueeze(3);
}

/** Joins every pixel with the object regions that it resembles. */
export class ObjectAttention extends Module {
  readonly query: Sequential;
  readonly key: Sequential;
  readonly value: ConvNormRelu;
  readonly out: ConvNormRelu;
  readonly bottleneck: ConvNormRelu;
  readonly #scale: number;

  constructor(channels: number, { keyChannels, generator }: ObjectAttentionOptions) {
    super();
    const pointwise = { kernelSize: 1, generator };
    const project = () =>
      new Sequential(
        new ConvNormRelu(channels, keyChannels, pointwise),
        new ConvNormRelu(keyChannels, keyChannels, pointwise),
      );
    this.query = project();
    this.key = project();
    this.value = new ConvNormRelu(channels, keyChannels, pointwise);
    this.out = new ConvNormRelu(keyChannels, channels, pointwise);
    this.bottleneck = new ConvNormRelu(2 * channels, channels, pointwise);
    this.#scale = keyChannels ** -0.5;
  }

  /**
   * Returns features that are joined with the regions they belong to (Eqs. 3–5).
   *
   * @param featuresNCHW [N, channels, h, w]
   * @param regionsNCK1 [N, channels, classes, 1]
   * @returns [N, channels, h, w]
   */
  forward(featuresNCHW: Tensor, regionsNCK1: Tensor): Tensor {
    const query = byPixel(this.query.forward(featuresNCHW));
    const key = this.key.forward(regionsNCK1).flatten(2);
    const value = this.value.forward(regionsNCK1).flatten(2).transpose(1, 2);
    // Scaled before the product: there are fewer query channels than pixels and classes.
    const affinity = query.mul(this.#scale).matmul(key).softmax(2);
    const contextNCHW = affinity
      .matmul(value)
      .reshape([featuresNCHW.shape[0] ?? 0, ...spatialSize(featuresNCHW), -1])
      .permute([0, 3, 1, 2]);
    const memoryFormat = featuresNCHW.isContiguous('channels-last') ? 'channels-last' : 'contiguous';
    const context = this.out.forward(contextNCHW.contiguous({ memoryFormat }));
    return this.bottleneck.forward(cat([context, featuresNCHW], 1));
  }
}

/** Maps [N, C, h, w] to [N, h · w, C], without a copy in channels-last layout. */
function byPixel(featuresNCHW: Tensor): Tensor {
  const [images = 0, channels = 0, height = 0, width = 0] = featuresNCHW.shape;
  return featuresNCHW.permute([0, 2, 3, 1]).reshape([images, height * width, channels]);
}
