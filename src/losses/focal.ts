/** Focal loss (Lin et al. 2017): the strategy that focuses on what the network finds hard. */

import { OperationError } from '../errors/index.js';
import { crossEntropy, expectLabels } from './cross-entropy.js';
import { oneMinusExp } from './one-minus-exp.js';
import type { PixelLoss } from './pixel-loss.js';

export interface FocalOptions {
  /** 0 is cross-entropy; the greater, the less a pixel counts that is already right. */
  readonly gamma?: number;
}

// For γ < 1 the derivative of (1 − p_y)^γ has no end at p_y = 1; its product with the loss, which is 0 there, does.
const smallest = 1e-37;

/**
 * (1 − p_y)^γ · −log p_y for each pixel, with no class weights.
 *
 * @throws OperationError when γ is negative, and where `crossEntropy` does
 */
export function focal({ gamma = 2 }: FocalOptions = {}): PixelLoss {
  if (!(gamma >= 0 && gamma < Infinity)) {
    throw new OperationError(`focal: expected gamma of 0 or more, received ${gamma}`);
  }
  const loss: PixelLoss = (logitsNCHW, labelsNHW, options) => {
    expectLabels('focal', logitsNCHW, labelsNHW);
    const lossesNHW = crossEntropy(logitsNCHW, labelsNHW, options);
    return oneMinusExp(lossesNHW).clamp({ min: smallest }).pow(gamma).mul(lossesNHW);
  };
  return Object.assign(loss, { fused: { kind: 'focal', parameter: gamma } as const });
}
