/** Computes the focal loss (Lin et al. 2017), which concentrates on pixels that the network gets wrong. */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../registry/index.js';
import { constants } from '../torch/internal.js';
import { crossEntropy } from './cross-entropy.js';
import { oneMinusExp } from './one-minus-exp.js';
import { expectLabels, type PixelLoss } from './pixel-loss.js';

const schema = z
  .strictObject({
    gamma: z
      .number()
      .min(0)
      .default(2)
      .describe(
        'Exponent γ: 0 gives cross-entropy; the greater, the less a pixel counts that is right already.',
      ),
  })
  .describe('Focal loss, (1 − p_y)^γ · −log p_y: pixels that are already right count less.');

/** Configures `focal`. */
export interface FocalOptions extends z.input<typeof schema> {}

/**
 * Returns the loss (1 − p_y)^γ · −log p_y, without class weights.
 *
 * @throws {OperationError} when γ is negative; the loss throws where `crossEntropy` does
 */
export function focal(options: FocalOptions = {}): PixelLoss {
  const { gamma } = parseOptions('focal', schema, options);
  const loss: PixelLoss = (logitsNCHW, labelsNHW, lossOptions) => {
    expectLabels('focal', logitsNCHW, labelsNHW);
    const lossesNHW = crossEntropy(logitsNCHW, labelsNHW, lossOptions);
    return oneMinusExp(lossesNHW).clamp({ min: constants.focalLeastMiss }).pow(gamma).mul(lossesNHW);
  };
  return Object.assign(loss, { fused: { kind: 'focal', parameter: gamma } as const });
}

export const focalComponent = defineComponent({ kind: 'focal', options: schema, create: focal });
