/** Defines what a pixel loss is: one number for each pixel, before any weight or mean (paper, Eq. 4). */

import { OperationError } from '../errors/index.js';
import type { Component } from '../registry/index.js';
import type { Tensor } from '../torch/index.js';

/** Marks unlabeled pixels in label maps. */
export const ignoreIndex = 255;

/** Configures one call of a pixel loss. */
export interface PixelLossOptions {
  /** Label of the pixels whose loss is 0; 255 by default. */
  readonly ignoreIndex?: number;
  /** Predictions of further heads, [N,channels,H,W] by name, for losses that need more than logits. */
  readonly extraHeads?: Readonly<Record<string, Tensor>>;
  /** Weight of each class, [C] float32; read by losses that have `weighsClasses`. */
  readonly classWeights?: Tensor;
}

/** Identifies a loss that `fusedPixelLoss` can compute. */
export interface FusedLoss {
  readonly kind: 'cross-entropy' | 'gce' | 'focal' | 'smoothed';
  /** q of `gce`, γ of `focal`, ε of a smoothed loss; 0 for cross-entropy. */
  readonly parameter: number;
}

/**
 * Maps logits [N,C,H,W] of any floating dtype and labels [N,H,W] int64 to losses l_i, [N,H,W] float32, 0 where ignored.
 * A loss is pure: it keeps no state and reduces nothing.
 */
export interface PixelLoss {
  (logitsNCHW: Tensor, labelsNHW: Tensor, options?: PixelLossOptions): Tensor;
  /** Is absent where only logits at the labels' size give the loss. */
  readonly fused?: FusedLoss;
  /**
   * Is true where class weights enter the loss of a pixel otherwise than as the weight of its label's class. The loss then
   * multiplies by them itself, and for others the training step does.
   */
  readonly weighsClasses?: boolean;
}

/** Holds what a loss may need to know of the task. */
export interface LossContext {
  readonly classCount: number;
}

/** Describes a loss that a config can name. */
export interface LossComponent<Options = unknown> extends Component<Options, LossContext, PixelLoss> {
  /** Channels of the heads that the loss needs beside the classifier, by name. */
  readonly extraHeads?: Readonly<Record<string, number>>;
}

/**
 * Checks that logits are [N,C,H,W] and labels [N,H,W] int64 of the same size.
 *
 * @throws {OperationError} naming the operation, what was expected and what came
 */
export function expectLabels(operation: string, logitsNCHW: Tensor, labelsNHW: Tensor): void {
  if (logitsNCHW.ndim !== 4) {
    throw new OperationError(
      `${operation}: expected logits [N,C,H,W], received [${logitsNCHW.shape.join(',')}]`,
    );
  }
  const [count, , height, width] = logitsNCHW.shape;
  const received = labelsNHW.shape;
  if (received.length !== 3 || received[0] !== count || received[1] !== height || received[2] !== width) {
    throw new OperationError(
      `${operation}: expected labels [${count},${height},${width}], received [${received.join(',')}]`,
    );
  }
  if (labelsNHW.dtype !== 'int64') {
    throw new OperationError(`${operation}: expected labels of dtype int64, received ${labelsNHW.dtype}`);
  }
}
