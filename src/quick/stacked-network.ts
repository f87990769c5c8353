/**
 * Computes the head of a network from features that are stacked already, in place of the network that computes them from
 * images, so that a training step is the usual one. A pixel is an image of one pixel, or all pixels together are an image of
 * one row.
 */

import type { StackableHead } from '../models/index.js';
import { Module } from '../nn/index.js';
import { type Generator, rand, type Tensor, tidy } from '../torch/index.js';
import type { TrainableModel, TrainableOutput } from '../training/index.js';

/** Computes maps of extra heads from the features that a classifier reads. */
type ExtraHeads = Module & { forward(featuresNCHW: Tensor): Readonly<Record<string, Tensor>> };

/** Holds the parts of a `StackedNetwork`, which another network owns. */
export interface StackedNetworkParts {
  readonly head: StackableHead;
  readonly extraHeads?: ExtraHeads | null;
  /** Makes an image of each pixel, for reweighters that remember where a pixel lies; false by default. */
  readonly apart?: boolean;
}

/** Computes logits of pixels from their stacked features. */
export class StackedNetwork extends Module implements TrainableModel {
  readonly head: StackableHead;
  readonly extraHeads: ExtraHeads | null;
  readonly #apart: boolean;

  constructor({ head, extraHeads = null, apart = false }: StackedNetworkParts) {
    super();
    this.head = head;
    this.extraHeads = extraHeads;
    this.#apart = apart;
  }

  /**
   * Maps features to predictions in the same arrangement: [1, channels, 1, pixels], or [pixels, channels, 1, 1] where pixels
   * are apart. Patches are [pixels, channels, size, size], whose centers are predicted.
   */
  forward(stackedNCHW: Tensor): TrainableOutput {
    const [, , , width = 1] = stackedNCHW.shape;
    const patches = !this.#apart && stackedNCHW.shape[2] !== 1;
    // One row of pixels is one multiplication of matrices, whatever the arrangement of the batch.
    const turned = this.#apart && width === 1;
    const output = this.head.forwardStacked(turned ? turn(stackedNCHW) : stackedNCHW);
    const extraHeads = this.extraHeads?.forward(output.featuresNCHW) ?? {};
    const arranged = (map: Tensor) => {
      const centers = centersOf(map);
      return turned || patches ? turn(centers) : centers;
    };
    return {
      logitsNCHW: arranged(output.logitsNCHW),
      auxiliaryLogitsNCHW: null,
      extraHeads: Object.fromEntries(Object.entries(extraHeads).map(([name, map]) => [name, arranged(map)])),
    };
  }

  /**
   * Maps patches of features [N, channels, size + margins, size + margins] to the logits of their inner cells; the margins
   * are what the convolutions of the head see around these.
   */
  forwardPatches(stackedNCHW: Tensor): TrainableOutput {
    const margin = (this.head.patchSize - 1) / 2;
    const { logitsNCHW } = this.head.forwardStacked(stackedNCHW);
    const [, , height = 0, width = 0] = logitsNCHW.shape;
    const inner = logitsNCHW.narrow(2, margin, height - 2 * margin).narrow(3, margin, width - 2 * margin);
    return { logitsNCHW: inner, auxiliaryLogitsNCHW: null };
  }

  /** Drops half of the channels of each image, as UniMatch perturbs features, and doubles the others. */
  changeFeatures(stackedNCHW: Tensor, generator: Generator): Tensor {
    const [images = 0, channels = 0] = stackedNCHW.shape;
    const { device, dtype } = stackedNCHW;
    return tidy(() => {
      const drawn = rand([images, channels, 1, 1], { dtype: 'float32', generator });
      return stackedNCHW.mul(drawn.ge(droppedShare).to({ dtype, device })).div(1 - droppedShare);
    });
  }
}

/** Is the share of the channels that `changeFeatures` drops. */
const droppedShare = 0.5;

/** Exchanges the dimension of images with that of columns. */
function turn(map: Tensor): Tensor {
  return map.permute([3, 1, 2, 0]);
}

/** Returns the middle of patches [pixels, channels, size, size], and other maps as they are. */
function centersOf(map: Tensor): Tensor {
  const [, , height = 1] = map.shape;
  if (height === 1) return map;
  return map.narrow(2, (height - 1) / 2, 1).narrow(3, (height - 1) / 2, 1);
}
