/** Checks the values of a tensor from a file before they become a weight. */

import { CheckpointError } from '../../errors/index.js';
import { ops, type Tensor, tidy } from '../../torch/index.js';
import { isFloatingPoint } from '../../torch/internal.js';

/**
 * Checks that a tensor of a file can be a weight: of a floating-point type, and finite in float32. It waits for nothing,
 * as tensors of files are on the CPU.
 *
 * @param where file and tensor, for messages
 * @throws {CheckpointError} when it is quantized, or has values that are NaN or infinite, naming how many
 */
export function checkWeight(tensor: Tensor, where: string): void {
  if (!isFloatingPoint(tensor.dtype)) {
    throw new CheckpointError(
      `${where}: expected floating-point numbers, found ${tensor.dtype}; save the weights before they are quantized`,
    );
  }
  const notFinite = tidy(() => {
    const finite = ops.isfinite(tensor.to({ dtype: 'float32' }));
    if (ops.all(finite).item() === 1) return 0;
    return Number(finite.logicalNot().to({ dtype: 'int64' }).sum().item());
  });
  if (notFinite === 0) return;
  throw new CheckpointError(
    `${where}: ${notFinite} of ${tensor.numel} values are NaN or infinite, so the training that wrote the file had ` +
      'diverged; take an earlier checkpoint',
  );
}
