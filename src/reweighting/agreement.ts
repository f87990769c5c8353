/**
 * Measures how far a prediction agrees with a label, whatever its confidence: the second axis beside confidence, by which
 * wrong labels differ from hard ones.
 */

import { OperationError } from '../errors/index.js';
import { autocast, noGrad, type Tensor, tidy } from '../torch/index.js';

/**
 * Returns the likelihood of the label over that of the most likely class, a = p_y / max_c p_c, mapped to [−1, 1] as
 * confidence is: 2a − 1, without gradient. It is +1 where the prediction is the label, and 1 where the label is ignored.
 *
 * @param logitsNCHW logits of another network than the one that learns, [N,C,H,W]
 * @param labelsNHW class indices, [N,H,W] int64
 * @returns [N,H,W] float32
 * @throws {OperationError} when the sizes differ
 */
export function agreement(
  logitsNCHW: Tensor,
  labelsNHW: Tensor,
  { ignoreIndex = 255 }: { readonly ignoreIndex?: number } = {},
): Tensor {
  const [images, , height, width] = logitsNCHW.shape;
  if (String([images, height, width]) !== String(labelsNHW.shape)) {
    throw new OperationError(
      `agreement: expected logits [N,C,H,W] at the size of the labels [${labelsNHW.shape.join(',')}], received [${logitsNCHW.shape.join(',')}]`,
    );
  }
  return tidy(() =>
    noGrad(() =>
      autocast({ device: logitsNCHW.device, enabled: false }, () => {
        const logits = logitsNCHW.to({ dtype: 'float32' });
        const validNHW = labelsNHW.ne(ignoreIndex);
        const labeled = logits.gather(1, labelsNHW.where(validNHW, 0).unsqueeze(1)).squeeze(1);
        // Both may be −∞ where the network rules out every class; their difference is then NaN and counts as agreement.
        const share = labeled.sub(logits.amax(1)).exp();
        const known = validNHW.logicalAnd(share.eq(share));
        return share.mul(2).sub(1).where(known, 1);
      }),
    ),
  );
}
