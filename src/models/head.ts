/** What a head is to the segmentor and to configs. */
import type { Module } from '../nn/index.js';
import type { Generator, Tensor } from '../torch/index.js';
import type { Backbone, Features } from './backbone.js';

/** What a head makes of the features of a backbone, at a resolution of its own. */
export interface HeadOutput {
  /** [N, classes, h, w]. */
  readonly logitsNCHW: Tensor;
  /** What the classifier reads, before its dropout, [N, channels, h, w]; further per-pixel predictions read it too. */
  readonly featuresNCHW: Tensor;
  /** Logits of an auxiliary classifier that the head itself needs, such as OCR's soft regions; null when it has none. */
  readonly auxiliaryLogitsNCHW: Tensor | null;
}

/** A network from backbone features to logits, registered in `heads`. */
export interface Head extends Module {
  /** Channels of `featuresNCHW`. */
  readonly channels: number;
  /**
   * Whether `auxiliaryLogitsNCHW` is always given: then it is trained with the auxiliary weight, and no auxiliary head is
   * built beside this one. Left out, it is false.
   */
  readonly hasAuxiliary?: boolean;
  forward(features: Features): HeadOutput;
  /**
   * The name that mmsegmentation's checkpoints give to the parameter or buffer called `name` here, after `decode_head.`
   * or `auxiliary_head.`. A head without this method is in none of them.
   */
  publishedName?(name: string): string;
}

export interface HeadContext {
  /** The backbone below, for its channels and output stride; the head does not keep it. */
  readonly backbone: Pick<Backbone, 'channels' | 'outputStride'>;
  readonly classCount: number;
  /** Source of first values, and of the dropout masks in training. */
  readonly generator: Generator;
}
