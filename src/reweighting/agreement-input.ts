/**
 * Lets a weight function read agreement beside confidence. Wrong labels and hard pixels both have a low confidence and a high
 * loss; only wrong labels are also denied by a steadier network. A pure adversary would put most weight on exactly these, so
 * both players see each loss times a power of the agreement.
 */

import { z } from 'zod';
import type { Tensor } from '../torch/index.js';

const names = ['variance', 'agreement'] as const;

/** Holds the options of reweighters that may read agreement. */
export const agreementOptions = {
  inputs: z
    .array(z.enum(names))
    .refine((inputs) => inputs[0] === 'variance' && new Set(inputs).size === inputs.length, {
      error: 'expected [variance] or [variance, agreement]',
    })
    .default(['variance'])
    .describe(
      'What the weight depends on: `variance`, the confidence, of whichever kind `confidence` is; with `agreement` also how ' +
        'far the moving average of the network (`teacher`) agrees with the label.',
    ),
  discount: z
    .number()
    .min(0)
    .default(1)
    .describe(
      'Power g of the agreement a in [0, 1] by which each loss is multiplied. 0 lets the adversary put most weight on the ' +
        'pixels that disagree, which are often mislabeled. Without `agreement` it changes nothing.',
    ),
};

/** Returns whether agreement is among the inputs; it is not where a section does not state them. */
export function readsAgreement({ inputs = [] }: { readonly inputs?: readonly string[] }): boolean {
  return inputs.includes('agreement');
}

/** Lists the agreements at which plots show a weight function of two inputs: denied, half as likely, agreed. */
export const shownAgreements: readonly number[] = [-1, 0, 1];

// Keeps the sum of the weights above 0 where every label of a batch is denied.
const leastFactor = 1e-12;

/** Returns a^g, the factor of the losses, from agreement 2a − 1 of any shape. */
export function discountOf(agreement: Tensor, exponent: number): Tensor {
  return agreement.add(1).div(2).clamp({ min: 0, max: 1 }).pow(exponent).clamp({ min: leastFactor });
}

/**
 * Multiplies normalized weights by the factors of the losses, and divides them by their sum without gradient, so that they
 * sum to 1 again and their gradient is that of Σ w·a^g·l under the norm of w.
 */
export function withDiscount(
  weightsNHW: Tensor,
  factorsNHW: Tensor,
  { sumOverRanks = (sums) => sums }: { readonly sumOverRanks?: ((sums: Tensor) => Tensor) | undefined },
): Tensor {
  const discounted = weightsNHW.mul(factorsNHW);
  const total = sumOverRanks(discounted.detach().sum());
  return discounted.div(total.add(total.eq(0).to({ dtype: 'float32' })));
}
