/** Defines heads: networks from the features of a backbone to logits. */

import type { Module } from '../nn/index.js';
import type { Component } from '../registry/index.js';
import type { Generator, Tensor } from '../torch/index.js';
import type { Backbone, Features } from './backbone.js';
import type { FeatureTap } from './feature-taps.js';

/** Holds what a head computes, at a resolution of its own. */
export interface HeadOutput {
  /** Logits, [N, classes, h, w]. */
  readonly logitsNCHW: Tensor;
  /** Features that the classifier reads, before its dropout, [N, channels, h, w]; extra heads read them too. */
  readonly featuresNCHW: Tensor;
  /** Logits of the head's own auxiliary classifier, such as OCR's soft regions; null when it has none. */
  readonly auxiliaryLogitsNCHW: Tensor | null;
}

/** Computes logits from features. A head of your own is any module with these members, registered in `heads`. */
export interface Head extends Module {
  /** Channels of `featuresNCHW`. */
  readonly channels: number;
  /**
   * Is true when the head always returns `auxiliaryLogitsNCHW`. They are then trained with the auxiliary weight, and no
   * other auxiliary head is created.
   */
  readonly hasAuxiliary?: boolean;
  /** Is true when `forward` reads the stem's feature, the fifth of the features; it is computed only then. */
  readonly needsStem?: boolean;
  /**
   * Lists the parameters and buffers whose first dimension is the classes, by name; by default `classifier.weight` and
   * `classifier.bias`. A network that starts from another one gets their rows by the names of the classes.
   */
  readonly classTensors?: readonly string[];
  forward(features: Features): HeadOutput;
  /**
   * Returns the name that mmsegmentation's checkpoints give to the parameter or buffer `name`, after `decode_head.` or
   * `auxiliary_head.`. A head without this method is in none of them.
   */
  publishedName?(name: string): string;
}

/** Holds what a head needs beside its options. */
export interface HeadContext {
  /** The backbone below, for its channels and output stride; the head does not keep it. */
  readonly backbone: Pick<Backbone, 'channels' | 'stemChannels' | 'outputStride'>;
  readonly classCount: number;
  /** Draws initial parameters, and dropout masks in training. */
  readonly generator: Generator;
  /** Aligns the corners of maps that are resized, as networks trained with mmsegmentation's `align_corners` need. */
  readonly alignCorners?: boolean | undefined;
}

/** Computes logits from features that are stacked already as well; quick training trains such a head. */
export interface StackableHead extends Head {
  /** Lists the features that the head reads, in the order in which they are stacked. */
  readonly taps: readonly FeatureTap[];
  /** Counts the cells in each direction that a logit depends on: 1, or an odd number for one with convolutions. */
  readonly patchSize: number;
  /** Maps features [N, channels of all taps, h, w] at stride 4 to logits of the same cells. */
  forwardStacked(stackedNCHW: Tensor): HeadOutput;
  /** Sets mean and standard deviation, [channels of all taps] each, by which features are standardized. */
  standardize(statistics: { readonly mean: Tensor; readonly deviation: Tensor }): void;
}

/** Describes a head that a config can name. */
export interface HeadComponent<Options = unknown> extends Component<Options, HeadContext, Head> {
  /** Is true when its products are `StackableHead`s, which quick training needs. */
  readonly readsStacked?: boolean;
}
