/** Cross-entropy of one pixel: −log p_y. */

import { OperationError } from '../errors/index.js';
import { autocast, ops, type Tensor } from '../torch/index.js';
import { ignoreIndex as defaultIgnoreIndex, type FusedLoss, type PixelLossOptions } from './pixel-loss.js';

const unreduced = 0;

/**
 * −log softmax(logits)_y for each pixel, in float32 also under autocast.
 *
 * @param logitsNCHW [N,C,H,W], any floating dtype
 * @param labelsNHW [N,H,W] int64; `ignoreIndex` gives loss 0 and no gradient
 * @returns [N,H,W] float32
 * @throws OperationError when the shapes do not match
 */
export function crossEntropy(
  logitsNCHW: Tensor,
  labelsNHW: Tensor,
  { ignoreIndex = defaultIgnoreIndex }: PixelLossOptions = {},
): Tensor {
  expectLabels('crossEntropy', logitsNCHW, labelsNHW);
  return autocast({ device: logitsNCHW.device, enabled: false }, () =>
    ops.crossEntropyLoss(logitsNCHW.to({ dtype: 'float32' }), labelsNHW, {
      reduction: unreduced,
      ignoreIndex,
    }),
  );
}

crossEntropy.fused = { kind: 'cross-entropy', parameter: 0 } satisfies FusedLoss as FusedLoss;

/** @throws OperationError naming the operation, the shape expected and the one received */
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
