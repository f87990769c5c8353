/** Checks that a reader leaves no tensors behind. */

import { liveTensorCount, type Tensor } from 'coarsely/torch';

/**
 * Frees the tensors that `read` returns.
 *
 * @throws {Error} when other tensors than before are alive then
 */
export async function freeAndCount(read: () => Promise<readonly Tensor[]>): Promise<void> {
  const before = liveTensorCount();
  for (const tensor of await read()) tensor.dispose();
  const left = liveTensorCount() - before;
  if (left !== 0) throw new Error(`${left} tensors are left`);
}
