/**
 * Computes the Lovász-Softmax loss (Berman et al. 2018), which extends 1 − IoU of each class from sets of wrong pixels to
 * likelihoods: errors |g − p|, in descending order, times how much each further wrong pixel raises 1 − IoU.
 */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../registry/index.js';
import { cat, noGrad, ops, type Tensor, tidy } from '../torch/index.js';
import { type RegionLoss, type Regions, regionLoss, regionOptions } from './region-loss.js';

const schema = z
  .strictObject({ ...regionOptions })
  .describe(
    'Lovász-Softmax loss: 1 − IoU of each class, extended to likelihoods. It sorts the pixels of every class.',
  );

/** Configures `lovaszSoftmax`. */
export interface LovaszSoftmaxOptions extends z.input<typeof schema> {}

/**
 * Returns the Lovász-Softmax loss, averaged over classes and images. Ignored pixels are left out.
 *
 * @throws {OperationError} when an option is out of range; the loss throws where `crossEntropy` does
 */
export function lovaszSoftmax(options: LovaszSoftmaxOptions = {}): RegionLoss {
  const rule = parseOptions('lovaszSoftmax', schema, options);
  return regionLoss({ name: 'lovaszSoftmax', ...rule, lossesK });
}

/**
 * The slopes of the extension are constant in its gradient, so they are computed without one and put back into the order
 * of the pixels; only one map of them is kept for the backward pass. An ignored pixel has error 0 in every class: it is
 * sorted last and adds nothing.
 */
function lossesK({ likelihoodsKP, truthKP }: Regions): Tensor {
  const signs = truthKP.mul(-2).add(1);
  const errors = likelihoodsKP.mul(signs).add(truthKP);
  const slopes = noGrad(() => tidy(() => slopesOf(errors.detach(), truthKP)));
  return errors.mul(slopes).sum(1);
}

/** Returns how much every pixel raises 1 − IoU when it becomes wrong after all pixels with greater errors, [K,P]. */
function slopesOf(errorsKP: Tensor, truthKP: Tensor): Tensor {
  const order = ops.argsort(errorsKP, { dim: 1, descending: true });
  const sizesK1 = truthKP.sum(1).unsqueeze(1);
  // Counted in integers, which are exact and the same in any order of summation.
  const found = ops.cumsum(truthKP.gt(0).gather(1, order), 1);
  const places = ops.cumsum(found.select(0, 0).mul(0).add(1), 0);
  const unions = sizesK1.add(places).sub(found);
  const risksKP = sizesK1.sub(found).div(unions).neg().add(1);
  const risksBefore = cat([sizesK1.mul(0), risksKP.narrow(1, 0, order.numel / sizesK1.numel - 1)], 1);
  return ops.scatterSrc(errorsKP, 1, order, risksKP.sub(risksBefore));
}

export const lovaszSoftmaxComponent = defineComponent({
  kind: 'lovasz-softmax',
  options: schema,
  create: lovaszSoftmax,
});
