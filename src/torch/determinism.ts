/**
 * Switches deterministic algorithms on. On a GPU some operators add in the order in which threads happen to finish; in
 * this mode libtorch chooses forms that always add in the same order, and refuses operators that have none.
 */

import { native } from './native.js';

/**
 * Switches deterministic algorithms on or off for the whole process; call it before the first use of a GPU. On a CPU
 * results are the same bits in both modes, for an equal number of threads.
 *
 * @returns the mode before
 * @throws {OperationError} when CUBLAS_WORKSPACE_CONFIG has a value with which cuBLAS is not deterministic
 */
export function setDeterministic(on: boolean): boolean {
  return native().setDeterministic(on);
}
