/**
 * Equal bits from equal work. On a GPU the engine may add in the order in which threads happen to finish; in this mode it
 * takes a form of each operator that does not, and refuses the operator by name where there is none.
 */

import { native } from './native.js';

/**
 * For the whole process, until it is changed again; to be switched on before the first use of a GPU. On a CPU our kernels
 * and the engine's give equal bits with and without it, for an equal number of threads.
 *
 * @returns what it was before
 * @throws OperationError when CUBLAS_WORKSPACE_CONFIG asks for a workspace with which cuBLAS does not repeat itself
 */
export function setDeterministic(on: boolean): boolean {
  return native().setDeterministic(on);
}
