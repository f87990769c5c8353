/**
 * Computes predictions beside the classes that a loss may need, such as the log-scale of the KL loss (paper, Eq. 1),
 * each by a 1×1 convolution of the features that the classifier reads.
 */

import { type Conv2d, Module } from '../nn/index.js';
import type { Generator, Tensor } from '../torch/index.js';
import { createClassifier } from './classifier.js';

/** Holds the number of channels of each extra head, by name. */
export type ExtraHeadChannels = Readonly<Record<string, number>>;

/** Computes the predictions of all extra heads. */
export class ExtraHeads extends Module {
  readonly #convolutions: ReadonlyMap<string, Conv2d>;

  /**
   * Creates one convolution for each head.
   *
   * @param channels channels of the features
   */
  constructor(
    channels: number,
    { heads, generator }: { readonly heads: ExtraHeadChannels; readonly generator: Generator },
  ) {
    super();
    // Initialized near 0, like a classifier: a log-scale of 0 is a scale of 1.
    this.#convolutions = new Map(
      Object.entries(heads).map(([name, classCount]) => [
        name,
        createClassifier(channels, { classCount, generator }),
      ]),
    );
  }

  /** Maps features [N, channels, h, w] to predictions by name, each [N, channels of its head, h, w]. */
  forward(featuresNCHW: Tensor): Record<string, Tensor> {
    return Object.fromEntries(
      [...this.#convolutions].map(([name, convolution]) => [name, convolution.forward(featuresNCHW)]),
    );
  }

  protected override fields(): Iterable<readonly [string, unknown]> {
    return this.#convolutions;
  }
}
