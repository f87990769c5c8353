/** Creates the last layer of a head, initialized from N(0, 0.01) as in mmsegmentation. */

import { Conv2d, constant, normal } from '../nn/index.js';
import type { Generator } from '../torch/index.js';

/** Configures `createClassifier`. */
export interface ClassifierOptions {
  readonly classCount: number;
  readonly generator: Generator;
}

/** Returns a 1×1 convolution from features [N, channels, h, w] to logits [N, classes, h, w]. */
export function createClassifier(channels: number, { classCount, generator }: ClassifierOptions): Conv2d {
  return new Conv2d(channels, classCount, {
    kernelSize: 1,
    generator,
    initializeWeight: normal(0.01),
    initializeBias: constant(0),
  });
}
