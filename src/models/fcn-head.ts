/**
 * Implements a fully convolutional head (Long et al. 2015) on the third stage: one 3×3 convolution and a classifier.
 * It is the auxiliary head of training, as in mmsegmentation.
 */

import { z } from 'zod';
import { type Conv2d, Dropout2d, Module } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import type { Features } from './backbone.js';
import { createClassifier } from './classifier.js';
import { ConvNormRelu } from './conv-norm-relu.js';
import type { Head, HeadContext, HeadOutput } from './head.js';
import { fcnName } from './pretrained/head-names.js';

const schema = z
  .strictObject({
    channels: z.int().positive().default(256).describe('Channels of the convolution.'),
    dropout: z.number().min(0).lt(1).default(0.1).describe('Dropout before the classifier.'),
  })
  .describe('One 3×3 convolution on the third stage (Long et al. 2015).');

/** Configures `FcnHead`. */
export interface FcnHeadOptions extends z.input<typeof schema>, HeadContext {
  /** Share of a batch in the running statistics of the normalization; 0.1 by default. */
  readonly momentum?: number;
}

/** Computes logits from the third stage by one convolution and a classifier. */
export class FcnHead extends Module implements Head {
  readonly channels: number;
  readonly conv: ConvNormRelu;
  readonly dropout: Dropout2d;
  readonly classifier: Conv2d;

  /**
   * Creates the network with parameters drawn from `generator`.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor({
    backbone,
    classCount,
    generator,
    alignCorners: _,
    momentum = 0.1,
    ...options
  }: FcnHeadOptions) {
    super();
    const { channels, dropout } = parseOptions('FcnHead', schema, options);
    this.channels = channels;
    this.conv = new ConvNormRelu(backbone.channels[2], channels, {
      kernelSize: 3,
      padding: 1,
      momentum,
      generator,
    });
    this.dropout = new Dropout2d(dropout, { generator });
    this.classifier = createClassifier(channels, { classCount, generator });
  }

  /** Returns logits and features at the size of the third stage. */
  forward([, , stage3]: Features): HeadOutput {
    const featuresNCHW = this.conv.forward(stage3);
    const logitsNCHW = this.classifier.forward(this.dropout.forward(featuresNCHW));
    return { logitsNCHW, featuresNCHW, auxiliaryLogitsNCHW: null };
  }

  publishedName(name: string): string {
    return fcnName(name);
  }
}

export const fcnHeadComponent = defineComponent({
  kind: 'fcn',
  options: schema,
  create: (parsed, context: HeadContext): Head => new FcnHead({ ...context, ...parsed }),
});
