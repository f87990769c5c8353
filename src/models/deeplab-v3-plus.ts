/**
 * Implements DeepLabv3+ (Chen et al. 2018) with separable convolutions, as mmsegmentation's
 * `DepthwiseSeparableASPPHead`: atrous spatial pyramid pooling looks at the last stage at several scales, from one
 * pixel to the whole image, and its result is joined with the first stage at a quarter of the image's size.
 */

import { z } from 'zod';
import {
  type Conv2d,
  Dropout2d,
  globalAveragePool,
  Module,
  resizeBilinear,
  Sequential,
} from '../nn/index.js';
import { spatialSize } from '../nn/internal.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { cat, type Tensor } from '../torch/index.js';
import { asppDilations } from './aspp-dilations.js';
import type { Features } from './backbone.js';
import { createClassifier } from './classifier.js';
import { ConvNormRelu } from './conv-norm-relu.js';
import type { Head, HeadContext, HeadOutput } from './head.js';
import { deepLabName } from './pretrained/head-names.js';
import { SeparableConv } from './separable-conv.js';

const schema = z
  .strictObject({
    channels: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe(
        'Channels of the result. `null` is 512, or 256 on a backbone whose last stage has at most ' +
          '1024 channels (ResNet-18 and 34, MobileNets).',
      ),
    lowLevelChannels: z
      .int()
      .positive()
      .default(48)
      .describe('Channels of the first stage where it joins the decoder.'),
    dilations: z
      .array(z.int().min(2))
      .min(1)
      .nullable()
      .default(null)
      .describe(
        'Dilations of the 3×3 convolutions that look around a pixel. `null` is 12, 24, 36 at an output stride of 8, and ' +
          'the same distances in image pixels at others: 6, 12, 18 at 16.',
      ),
    dropout: z.number().min(0).lt(1).default(0.1).describe('Dropout before the classifier.'),
  })
  .describe('DeepLabv3+ (Chen et al. 2018) with separable convolutions.');

/** Configures `DeepLabV3Plus`. */
export interface DeepLabV3PlusOptions extends z.input<typeof schema>, HeadContext {}

/** Computes logits by DeepLabv3+. */
export class DeepLabV3Plus extends Module implements Head {
  readonly channels: number;
  /** Reads the mean over the whole image. */
  readonly imagePool: ConvNormRelu;
  /** Reads single pixels. */
  readonly pointwise: ConvNormRelu;
  /** Read 3×3 pixels at several dilations. */
  readonly branches: readonly SeparableConv[];
  readonly bottleneck: ConvNormRelu;
  readonly lowLevel: ConvNormRelu;
  readonly fuse: Sequential;
  readonly dropout: Dropout2d;
  readonly classifier: Conv2d;
  readonly #alignCorners: boolean;

  /**
   * Creates the network with parameters drawn from `generator`.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor({ backbone, classCount, generator, alignCorners = false, ...options }: DeepLabV3PlusOptions) {
    super();
    this.#alignCorners = alignCorners;
    const {
      channels: givenChannels,
      lowLevelChannels,
      dilations,
      dropout,
    } = parseOptions('DeepLabV3Plus', schema, options);
    const [stage1Channels, , , inChannels] = backbone.channels;
    const channels = givenChannels ?? (inChannels <= 1024 ? 256 : 512);
    const pointwise = { kernelSize: 1, generator };
    this.channels = channels;
    this.imagePool = new ConvNormRelu(inChannels, channels, pointwise);
    this.pointwise = new ConvNormRelu(inChannels, channels, pointwise);
    this.branches = (dilations ?? asppDilations(backbone.outputStride)).map(
      (dilation) => new SeparableConv(inChannels, channels, { dilation, generator }),
    );
    this.bottleneck = new ConvNormRelu((2 + this.branches.length) * channels, channels, {
      kernelSize: 3,
      padding: 1,
      generator,
    });
    this.lowLevel = new ConvNormRelu(stage1Channels, lowLevelChannels, pointwise);
    this.fuse = new Sequential(
      new SeparableConv(channels + lowLevelChannels, channels, { generator }),
      new SeparableConv(channels, channels, { generator }),
    );
    this.dropout = new Dropout2d(dropout, { generator });
    this.classifier = createClassifier(channels, { classCount, generator });
  }

  /** Returns logits and features at the size of the first stage, a quarter of the image's. */
  forward([stage1, , , stage4]: Features): HeadOutput {
    const lowLevel = this.lowLevel.forward(stage1);
    const context = this.bottleneck.forward(this.#pyramid(stage4));
    const joined = cat(
      [resizeBilinear(context, spatialSize(lowLevel), { alignCorners: this.#alignCorners }), lowLevel],
      1,
    );
    const featuresNCHW = this.fuse.forward(joined);
    const logitsNCHW = this.classifier.forward(this.dropout.forward(featuresNCHW));
    return { logitsNCHW, featuresNCHW, auxiliaryLogitsNCHW: null };
  }

  publishedName(name: string): string {
    return deepLabName(name);
  }

  /** Maps [N, in, h, w] to [N, (2 + branches) · channels, h, w]. */
  #pyramid(featuresNCHW: Tensor): Tensor {
    const point = this.pointwise.forward(featuresNCHW);
    const branches = this.branches.map((branch) => branch.forward(featuresNCHW));
    // Resizing one pixel is repeating it. The copy takes the layout of the other parts: a mixed concatenation would
    // fall back to NCHW, and the largest convolution of the head would run in it.
    const memoryFormat = point.isContiguous('channels-last') ? 'channels-last' : 'contiguous';
    const image = this.imagePool.forward(globalAveragePool(featuresNCHW));
    const imageEverywhere = image.expand(point.shape).contiguous({ memoryFormat });
    return cat([imageEverywhere, point, ...branches], 1);
  }
}

export const deepLabV3PlusComponent = defineComponent({
  kind: 'deeplabv3plus',
  options: schema,
  create: (parsed, context: HeadContext): Head => new DeepLabV3Plus({ ...context, ...parsed }),
});
