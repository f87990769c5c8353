/**
 * Computes the KL loss (Kendall and Gal 2017; paper, Eq. 1): cross-entropy divided by an uncertainty s that the network
 * predicts for each pixel, plus ½ log s. It is least at s = 2 CE (Eq. 2).
 */

import { z } from 'zod';
import { OperationError } from '../errors/index.js';
import { defineComponent } from '../registry/index.js';
import { autocast, type Tensor } from '../torch/index.js';
import { crossEntropy } from './cross-entropy.js';
import { ignoreIndex as defaultIgnoreIndex, expectLabels, type PixelLoss } from './pixel-loss.js';

/** Names the head that predicts r = log s in one channel. */
export const logScaleHead = 'logScale';

/**
 * Bounds log s. Eq. 1 has no lower end: as cross-entropy nears 0, s falls without limit, and 1/s multiplies the
 * gradient of every similar pixel. On separable data, at the paper's rate of 0.02 and momentum of 0.9, a lower bound
 * of −10 ended in NaN and −5 in large oscillations; −4 was stable, and is the s of a cross-entropy of 0.009. The
 * upper bound is that of a cross-entropy of 1.1e4.
 */
export const logScaleRange = { least: -4, greatest: 10 } as const;

/**
 * Returns CE · e^{−r} + ½ r for every pixel, with r = log s from `extraHeads.logScale` [N,1,H,W], held within
 * `logScaleRange`.
 *
 * @throws {OperationError} when the head is missing or has another shape, and where `crossEntropy` does
 */
export const kl: PixelLoss = (logitsNCHW, labelsNHW, options = {}) => {
  expectLabels('kl', logitsNCHW, labelsNHW);
  const { ignoreIndex = defaultIgnoreIndex, extraHeads = {} } = options;
  const logScaleNHW = expectLogScale('kl', extraHeads, { likeNHW: labelsNHW });
  const lossesNHW = crossEntropy(logitsNCHW, labelsNHW, options);
  return autocast({ device: logitsNCHW.device, enabled: false }, () => {
    const r = heldInRange(logScaleNHW.to({ dtype: 'float32' }), { lossesNHW: lossesNHW.detach() });
    return lossesNHW.mul(r.neg().exp()).add(r, { alpha: 0.5 }).where(labelsNHW.ne(ignoreIndex), 0);
  });
};

export const klComponent = defineComponent({
  kind: 'kl',
  options: z
    .strictObject({})
    .describe(
      'Cross-entropy divided by an uncertainty s that a further head predicts for each pixel, plus ½ log s ' +
        '(paper, Eq. 1).',
    ),
  extraHeads: { [logScaleHead]: 1 },
  create: () => kl,
});

/**
 * Returns log s as [N,H,W] from the predictions of the extra heads.
 *
 * @throws {OperationError} naming the operation, the shape expected and what came
 */
export function expectLogScale(
  operation: string,
  extraHeads: Readonly<Record<string, Tensor>>,
  { likeNHW }: { readonly likeNHW: { readonly shape: readonly number[] } },
): Tensor {
  const [count, height, width] = likeNHW.shape;
  const expected = `[${count},1,${height},${width}]`;
  const logScale = extraHeads[logScaleHead];
  const received = logScale === undefined ? 'none' : `[${logScale.shape.join(',')}]`;
  if (logScale === undefined || received !== expected) {
    throw new OperationError(
      `${operation}: expected extraHeads.${logScaleHead} ${expected}, received ${received}`,
    );
  }
  return logScale.squeeze(1);
}

/**
 * Returns r held within its range. A plain clamp would stop every gradient outside the range, and a head that left it
 * could not return. A pixel outside therefore keeps the gradient of the nearer end if the optimum log 2 CE (Eq. 2)
 * lies inward.
 */
function heldInRange(rNHW: Tensor, { lossesNHW }: { readonly lossesNHW: Tensor }): Tensor {
  const { least, greatest } = logScaleRange;
  const heldNHW = rNHW.clamp({ min: least, max: greatest });
  const optimumNHW = lossesNHW.mul(2).log();
  const ledUp = rNHW.lt(least).logicalAnd(optimumNHW.gt(least));
  const ledDown = rNHW.gt(greatest).logicalAnd(optimumNHW.lt(greatest));
  const withGradientOfEnd = heldNHW.detach().add(rNHW.sub(rNHW.detach()));
  return withGradientOfEnd.where(ledUp.logicalOr(ledDown), heldNHW);
}
