/**
 * KL loss (Kendall and Gal; paper, Eq. 1): cross-entropy over an uncertainty s that the network predicts for each pixel,
 * and that costs ½ log s. Its minimum is at s = 2 CE (Eq. 2).
 */

import { EngineError } from '../errors/index.js';
import { autocast, type Tensor } from '../torch/index.js';
import { crossEntropy, expectLabels } from './cross-entropy.js';
import { ignoreIndex as defaultIgnoreIndex, type PixelLoss } from './pixel-loss.js';

/** The name of the head that predicts r = log s, one channel. */
export const logScaleHead = 'logScale';

/**
 * |log s| is held below this. Where cross-entropy reaches 0 the loss has no lower end: s would fall for ever, and 1/s,
 * which multiplies the gradient of every pixel like it, would leave float32. s = 2 CE lies inside for CE in 2.3e-5 … 1.1e4.
 */
const greatestLogScale = 10;

/**
 * CE · e^{−r} + ½ r for each pixel, with r = log s from `extraHeads.logScale` [N,1,H,W]. Beyond ±10 the loss and its
 * gradients are those of the nearest end, so that a head that strayed there is led back.
 *
 * @throws EngineError when the head is missing or of another shape, and where `crossEntropy` does
 */
export const kl: PixelLoss = (logitsNCHW, labelsNHW, options = {}) => {
  expectLabels('kl', logitsNCHW, labelsNHW);
  const { ignoreIndex = defaultIgnoreIndex, extraHeads = {} } = options;
  const logScaleNHW = expectLogScale('kl', extraHeads, { likeNHW: labelsNHW });
  const lossesNHW = crossEntropy(logitsNCHW, labelsNHW, options);
  return autocast({ device: logitsNCHW.device, enabled: false }, () => {
    const r = holdWithin(logScaleNHW.to({ dtype: 'float32' }), greatestLogScale);
    return lossesNHW.mul(r.neg().exp()).add(r, { alpha: 0.5 }).where(labelsNHW.ne(ignoreIndex), 0);
  });
};

/**
 * log s as [N,H,W].
 *
 * @throws EngineError naming the operation, the shape expected and what came
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
    throw new EngineError(
      `${operation}: expected extraHeads.${logScaleHead} ${expected}, received ${received}`,
    );
  }
  return logScale.squeeze(1);
}

/** Clamps to ±`bound` and leaves the gradient as it is: a plain clamp would have none beyond, and no way back. */
function holdWithin(values: Tensor, bound: number): Tensor {
  const overshoot = values.detach().sub(values.detach().clamp({ min: -bound, max: bound }));
  return values.sub(overshoot);
}
