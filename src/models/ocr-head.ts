/**
 * Implements OCR (object-contextual representations, Yuan et al. 2020), as mmsegmentation's cascade of an `FCNHead`
 * and an `OCRHead`: a first classifier on the third stage finds soft object regions, the features of the last stage
 * are gathered into one vector for each class, and every pixel is joined with the vectors of the classes that it
 * resembles.
 *
 * Parameters with 19 classes, without the first classifier: 3 554 323 on a last stage of 512 channels (ResNet-18,
 * 34), and 10 632 211 on one of 2048 (ResNet-50, 101 and ResNeSt), where the 3×3 convolution has 9 · 1536 · 512 more
 * weights. The first classifier has what an auxiliary head has, on ResNet-50 2 364 691.
 */

import { z } from 'zod';
import { type Conv2d, Dropout2d, Module, resizeBilinear } from '../nn/index.js';
import { spatialSize } from '../nn/internal.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import type { Features } from './backbone.js';
import { createClassifier } from './classifier.js';
import { ConvNormRelu } from './conv-norm-relu.js';
import { FcnHead } from './fcn-head.js';
import type { Head, HeadContext, HeadOutput } from './head.js';
import { gatherRegions, ObjectAttention } from './object-attention.js';
import { ocrName } from './pretrained/head-names.js';

const schema = z
  .strictObject({
    channels: z.int().positive().default(512).describe('Channels of the features and of the result.'),
    keyChannels: z
      .int()
      .positive()
      .default(256)
      .describe('Channels in which pixels and regions are compared.'),
    regionChannels: z
      .int()
      .positive()
      .default(256)
      .describe('Channels of the first classifier, which takes the place of the auxiliary head.'),
    regionDropout: z.number().min(0).lt(1).default(0.1).describe('Dropout before the first classifier.'),
    dropout: z.number().min(0).lt(1).default(0.05).describe('Dropout before the classifier.'),
  })
  .describe('Object-contextual representations (Yuan et al. 2020), with an auxiliary classifier of its own.');

/**
 * Share of a batch in the running statistics of the first classifier. mmsegmentation runs it twice a step on the same
 * features, for its own loss and for the regions: two updates with 0.1 leave 0.9² of what was there before.
 */
const regionMomentum = 1 - 0.9 ** 2;

/** Configures `OcrHead`. */
export interface OcrHeadOptions extends z.input<typeof schema>, HeadContext {}

/** Computes logits by OCR. */
export class OcrHead extends Module implements Head {
  readonly channels: number;
  readonly hasAuxiliary = true;
  readonly regions: FcnHead;
  readonly bottleneck: ConvNormRelu;
  readonly attention: ObjectAttention;
  readonly dropout: Dropout2d;
  readonly classifier: Conv2d;
  readonly #alignCorners: boolean;

  /**
   * Creates the network with parameters drawn from `generator`.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor({ backbone, classCount, generator, alignCorners = false, ...options }: OcrHeadOptions) {
    super();
    this.#alignCorners = alignCorners;
    const parsed = parseOptions('OcrHead', schema, options);
    const { channels, keyChannels } = parsed;
    this.channels = channels;
    this.regions = new FcnHead({
      backbone,
      classCount,
      channels: parsed.regionChannels,
      dropout: parsed.regionDropout,
      momentum: regionMomentum,
      generator,
    });
    this.bottleneck = new ConvNormRelu(backbone.channels[3], channels, {
      kernelSize: 3,
      padding: 1,
      generator,
    });
    this.attention = new ObjectAttention(channels, { keyChannels, generator });
    this.dropout = new Dropout2d(parsed.dropout, { generator });
    this.classifier = createClassifier(channels, { classCount, generator });
  }

  /**
   * Returns logits at the size of the last stage, and auxiliary logits at the size of the third. The gradient reaches
   * the first classifier also through the regions, as in mmsegmentation. Unlike there it runs once a step, with the
   * same dropout mask for its own loss and for the regions; its running statistics are those of two runs.
   */
  forward(features: Features): HeadOutput {
    const { logitsNCHW: auxiliaryLogitsNCHW } = this.regions.forward(features);
    const pixelsNCHW = this.bottleneck.forward(features[3]);
    // The two stages differ in size at an output stride of 32 only.
    const regionLogitsNCHW = resizeBilinear(auxiliaryLogitsNCHW, spatialSize(pixelsNCHW), {
      alignCorners: this.#alignCorners,
    });
    const featuresNCHW = this.attention.forward(pixelsNCHW, gatherRegions(pixelsNCHW, regionLogitsNCHW));
    const logitsNCHW = this.classifier.forward(this.dropout.forward(featuresNCHW));
    return { logitsNCHW, featuresNCHW, auxiliaryLogitsNCHW };
  }

  get classTensors(): readonly string[] {
    return ['classifier.weight', 'classifier.bias', 'regions.classifier.weight', 'regions.classifier.bias'];
  }

  publishedName(name: string): string {
    return ocrName(name);
  }
}

export const ocrHeadComponent = defineComponent({
  kind: 'ocr',
  options: schema,
  create: (parsed, context: HeadContext): Head => new OcrHead({ ...context, ...parsed }),
});
