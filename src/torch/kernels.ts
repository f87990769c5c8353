/**
 * Chooses between the fused kernels of the addon and compositions of libtorch's operators. This is the one place that
 * knows where a fused kernel exists. Each has one composition, which is the reference that it is tested against; callers
 * pass both to `selectKernel`.
 */

import type { DType } from './dtype.js';
import { native } from './native.js';
import { rejectPromise } from './scope.js';
import type { Tensor } from './tensor.js';

/** Selects `fused`, kernels that compute several steps in one pass, or `stock`, libtorch's operators one by one. */
export type Kernels = 'fused' | 'stock';

interface FusedKernel {
  /** Lists the element types of the CPU kernel; `any` where it converts or checks them itself. */
  readonly cpu: 'any' | readonly DType[];
  /** Says whether a GPU has the kernel: always, where nvcc compiled our kernels, or never. */
  readonly cuda: 'always' | 'compiled' | 'never';
  /** Is true for a kernel that is used wherever it exists, also with `stock`. */
  readonly inStock?: true;
}

const fusedKernels = {
  armWeights: { cpu: 'any', cuda: 'compiled' },
  batchNormActivation: { cpu: ['float32', 'bfloat16'], cuda: 'never' },
  clipGradNorm: { cpu: ['float32'], cuda: 'never' },
  conv2dRecompute: { cpu: 'any', cuda: 'never' },
  gatherFeatures: { cpu: 'any', cuda: 'never' },
  gatherRows: { cpu: 'any', cuda: 'never' },
  invertedResidual: { cpu: 'any', cuda: 'never' },
  normalizeWeights: { cpu: 'any', cuda: 'compiled' },
  pixelLoss: { cpu: 'any', cuda: 'compiled' },
  resizeArgmax: { cpu: 'any', cuda: 'never' },
  // libtorch's bilinear resizing has no deterministic backward pass on a GPU and a slow one on the CPU.
  resizeBilinear: { cpu: 'any', cuda: 'compiled', inStock: true },
  resizeBilinearRows: { cpu: 'any', cuda: 'never' },
  sgdStep: { cpu: ['float32'], cuda: 'always' },
} as const satisfies Record<string, FusedKernel>;

/** Describes both ways to compute a result and when the fused one applies. */
export interface KernelChoice<Result> {
  /** Lists tensors whose device and element types the fused kernel must support; all are on one device. */
  readonly inputs: readonly Tensor[];
  /** Is false where the fused kernel does not compute what is asked for. */
  readonly when?: boolean;
  /** Is true where only the fused kernel computes what is asked for, so that it is used with `stock` too. */
  readonly required?: boolean;
  /** Overrides the choice of `withKernels`. */
  readonly kernels?: Kernels | undefined;
  readonly fused: () => Result;
  readonly stock: () => Result;
}

/** Runs `fused` where its kernel is chosen and supports the inputs, and `stock` otherwise. */
export function selectKernel<Result>(
  name: keyof typeof fusedKernels,
  { inputs, when = true, required = false, kernels = chosenKernels, fused, stock }: KernelChoice<Result>,
): Result {
  const kernel: FusedKernel = fusedKernels[name];
  const isChosen = kernels === 'fused' || required || kernel.inStock === true;
  return isChosen && when && supports(kernel, inputs) ? fused() : stock();
}

function supports({ cpu, cuda }: FusedKernel, inputs: readonly Tensor[]): boolean {
  if (inputs[0] !== undefined && inputs[0].device !== 'cpu') {
    return cuda === 'always' || (cuda === 'compiled' && native().hasCudaKernels());
  }
  return cpu === 'any' || inputs.every(({ dtype }) => cpu.includes(dtype));
}

let chosenKernels: Kernels = 'fused';

/** Returns the kernels that layers, losses and optimizers use now. */
export function kernels(): Kernels {
  return chosenKernels;
}

/**
 * Runs `body` with the given kernels. `stock` is the reference that `fused` is tested against.
 *
 * @throws {EngineError} when `body` is asynchronous
 */
export function withKernels<T>(choice: Kernels, body: () => T): T {
  const before = chosenKernels;
  chosenKernels = choice;
  try {
    const result = body();
    rejectPromise(result, 'withKernels');
    return result;
  } finally {
    chosenKernels = before;
  }
}
