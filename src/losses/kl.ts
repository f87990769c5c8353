/**
 * KL loss (Kendall and Gal; paper, Eq. 1): cross-entropy over an uncertainty s that the network predicts for each pixel,
 * and that costs ½ log s. Its minimum is at s = 2 CE (Eq. 2).
 */

import { OperationError } from '../errors/index.js';
import { autocast, type Tensor } from '../torch/index.js';
import { crossEntropy, expectLabels } from './cross-entropy.js';
import { ignoreIndex as defaultIgnoreIndex, type PixelLoss } from './pixel-loss.js';

/** The name of the head that predicts r = log s, one channel. */
export const logScaleHead = 'logScale';

/**
 * log s is held between these. Eq. 1 has no lower end: where cross-entropy nears 0, s falls for ever, and 1/s multiplies
 * the gradient of every pixel that looks alike. On data that can be told apart, at the paper's rate of 0.02 and momentum
 * of 0.9, a least log s of −10 ended in NaN and −5 in great swings; −4 stayed, and is the s of a cross-entropy of 0.009.
 * The greatest is that of a cross-entropy of 1.1e4.
 */
export const logScaleRange = { least: -4, greatest: 10 } as const;

/**
 * CE · e^{−r} + ½ r for each pixel, with r = log s from `extraHeads.logScale` [N,1,H,W], held within `logScaleRange`.
 *
 * @throws OperationError when the head is missing or of another shape, and where `crossEntropy` does
 */
export const kl: PixelLoss = (logitsNCHW, labelsNHW, options = {}) => {
  expectLabels('kl', logitsNCHW, labelsNHW);
  const { ignoreIndex = defaultIgnoreIndex, extraHeads = {} } = options;
  const logScaleNHW = expectLogScale('kl', extraHeads, { likeNHW: labelsNHW });
  const lossesNHW = crossEntropy(logitsNCHW, labelsNHW, options);
  return autocast({ device: logitsNCHW.device, enabled: false }, () => {
    const r = hold(logScaleNHW.to({ dtype: 'float32' }), { lossesNHW: lossesNHW.detach() });
    return lossesNHW.mul(r.neg().exp()).add(r, { alpha: 0.5 }).where(labelsNHW.ne(ignoreIndex), 0);
  });
};

/**
 * log s as [N,H,W].
 *
 * @throws OperationError naming the operation, the shape expected and what came
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
 * r within its range. A plain clamp has no gradient beyond, and no way back for a head that strayed; so beyond an end a
 * pixel keeps the gradient of that end where it leads back, which is where the optimum log 2 CE (Eq. 2) is on this side.
 */
function hold(rNHW: Tensor, { lossesNHW }: { readonly lossesNHW: Tensor }): Tensor {
  const { least, greatest } = logScaleRange;
  const heldNHW = rNHW.clamp({ min: least, max: greatest });
  const optimumNHW = lossesNHW.mul(2).log();
  const ledUp = rNHW.lt(least).logicalAnd(optimumNHW.gt(least));
  const ledDown = rNHW.gt(greatest).logicalAnd(optimumNHW.lt(greatest));
  const withGradientOfEnd = heldNHW.detach().add(rNHW.sub(rNHW.detach()));
  return withGradientOfEnd.where(ledUp.logicalOr(ledDown), heldNHW);
}
