/**
 * Defines what a region loss may read beside logits and labels. A loss names what it needs, and a training step gives it
 * that and computes nothing for losses that need nothing.
 */

import type { Tensor } from '../torch/index.js';

/**
 * Names an input of a region loss:
 * - `layout`: pixels in their arrangement, unlabeled ones included. In quick mode the loss then gets patches of images in
 *   place of the drawn labeled pixels.
 * - `colors`: the colors of the pixels.
 * - `candidates`: the classes that the labels of each whole training image have.
 * - `teacher`: the logits of the moving average of the network.
 * - `strong`: the logits of the network on a strongly changed version of the same pixels.
 */
export type RegionLossNeed = 'layout' | 'colors' | 'candidates' | 'teacher' | 'strong';

/** Holds what one call of a region loss may read beside logits and labels. */
export interface RegionLossOptions {
  /** Label of the pixels that belong to no region; 255 by default. */
  readonly ignoreIndex?: number;
  /** Pixels that show the image and not its padding, [N,H,W] bool; all of them by default. */
  readonly insideNHW?: Tensor;
  /** Pixels of the image as the network sees it between neighboring ones of the maps; 1 by default, 4 in quick mode. */
  readonly cellSize?: number;
  /** Colors from 0 to 1, [N,3,H,W] float32; given to losses that need `colors`. */
  readonly colorsN3HW?: Tensor;
  /** Classes that the labels of each whole training image have, [N,C] bool; given to losses that need `candidates`. */
  readonly candidatesNC?: Tensor;
  /** Logits [N,C,H,W] of the moving average of the network, without gradient; given to losses that need `teacher`. */
  readonly teacherLogitsNCHW?: Tensor;
  /** Logits [N,C,H,W] on strongly changed pixels, with gradient; given to losses that need `strong`. */
  readonly strongLogitsNCHW?: Tensor;
  /** Share of the run's steps that were taken, from 0 to 1. */
  readonly progress?: number;
}
