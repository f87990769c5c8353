/** Computes the soft Dice loss of many classes (Milletari et al. 2016; Sudre et al. 2017), 1 − Dice of each class. */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../registry/index.js';
import { type RegionLoss, regionLoss, regionOptions } from './region-loss.js';

const schema = z
  .strictObject({
    smooth: z
      .number()
      .positive()
      .default(1)
      .describe('Number of pixels that is added to both sides of the fraction, against division by 0.'),
    squared: z.boolean().default(false).describe('Squares likelihoods in the divisor, as V-Net does.'),
    ...regionOptions,
  })
  .describe(
    'Soft Dice loss, 1 − (2 Σ p·g + s) / (Σ p + Σ g + s) for each class: overlap counts relative to the size of a region, ' +
      'so that small ones count as much as large ones.',
  );

/** Configures `dice`. */
export interface DiceOptions extends z.input<typeof schema> {}

/**
 * Returns the loss 1 − (2 Σ p·g + s) / (Σ p + Σ g + s), averaged over classes and images. p are the likelihoods of a class
 * and g is 1 where the label has it; ignored pixels are in no sum.
 *
 * @throws {OperationError} when an option is out of range; the loss throws where `crossEntropy` does
 */
export function dice(options: DiceOptions = {}): RegionLoss {
  const { smooth, squared, ...rule } = parseOptions('dice', schema, options);
  return regionLoss({
    name: 'dice',
    ...rule,
    lossesK: ({ likelihoodsKP, truthKP }) => {
      const overlap = likelihoodsKP.mul(truthKP).sum(1);
      const sizes = (squared ? likelihoodsKP.square() : likelihoodsKP).sum(1).add(truthKP.sum(1));
      return overlap.mul(2).add(smooth).div(sizes.add(smooth)).neg().add(1);
    },
  });
}

export const diceComponent = defineComponent({ kind: 'dice', options: schema, create: dice });
