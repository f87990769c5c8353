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
 * - `strong`: logits of the network on a strongly changed version of the pixels in place of its usual ones. Where pixels of
 *   two images are mixed for it, labels, colors and the logits of the moving average are mixed alike, and there are no
 *   candidates. The moving average sees the pixels unchanged.
 * - `frequencies`: how often the moving average predicts each class.
 */
export type RegionLossNeed = 'layout' | 'colors' | 'candidates' | 'teacher' | 'strong' | 'frequencies';

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
  /**
   * Mean likelihood of each class in what the moving average predicted for unlabeled pixels over past steps, [C] float32;
   * given to losses that need `frequencies`.
   */
  readonly frequenciesC?: Tensor;
  /** Share of the run's steps that were taken, from 0 to 1. */
  readonly progress?: number;
}
