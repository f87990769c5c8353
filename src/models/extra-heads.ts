/**
 * Predictions beside the classes that a loss may ask for, such as the log-scale of the KL loss (paper, Eq. 1): one 1×1
 * convolution each on what the classifier sees.
 */
import { type Conv2d, Module } from '../nn/index.js';
import type { Generator, Tensor } from '../torch/index.js';
import { createClassifier } from './classifier.js';

/** Channels of each extra head, by name. */
export type ExtraHeadChannels = Readonly<Record<string, number>>;

export class ExtraHeads extends Module {
  readonly #convolutions: ReadonlyMap<string, Conv2d>;

  /** @param channels of the head's features */
  constructor(
    channels: number,
    { heads, generator }: { readonly heads: ExtraHeadChannels; readonly generator: Generator },
  ) {
    super();
    // Started near 0, as a classifier is: a log-scale of 0 is a scale of 1.
    this.#convolutions = new Map(
      Object.entries(heads).map(([name, classCount]) => [
        name,
        createClassifier(channels, { classCount, generator }),
      ]),
    );
  }

  /** @returns [N, channels of the head, h, w] by name */
  forward(featuresNCHW: Tensor): Record<string, Tensor> {
    return Object.fromEntries(
      [...this.#convolutions].map(([name, convolution]) => [name, convolution.forward(featuresNCHW)]),
    );
  }

  protected override fields(): Iterable<readonly [string, unknown]> {
    return this.#convolutions;
  }
}
