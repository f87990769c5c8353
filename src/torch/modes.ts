/**
 * Modes of computing: recording gradients, automatic mixed precision, the precision of float32 on a GPU, and whose
 * kernels compute where there is a choice.
 */

import type { DType } from './dtype.js';
import { dtypeCode, dtypeName } from './dtype.js';
import { native } from './native.js';
import { rejectPromise } from './scope.js';

/** Runs `body` without recording gradients. @throws OperationError when it is asynchronous */
export function noGrad<T>(body: () => T): T {
  const before = native().setGradientMode(false);
  try {
    const result = body();
    rejectPromise(result, 'noGrad');
    return result;
  } finally {
    native().setGradientMode(before);
  }
}

/** Whether operations are recorded for a backward pass now. */
export function isRecording(): boolean {
  const on = native().setGradientMode(true);
  native().setGradientMode(on);
  return on;
}

export interface AutocastOptions {
  readonly device?: string;
  readonly dtype?: DType;
  /** False switches autocast off inside an outer autocast: what must stay in float32. */
  readonly enabled?: boolean;
}

/** Runs `body` with convolutions and matrix products in `dtype`, reductions and losses in float32. */
export function autocast<T>(options: AutocastOptions, body: () => T): T {
  const { device = 'cpu', dtype = 'bfloat16', enabled = true } = options;
  const [enabledBefore, dtypeBefore] = native().enterAutocast(device, dtypeCode(dtype), enabled);
  try {
    const result = body();
    rejectPromise(result, 'autocast');
    return result;
  } finally {
    native().leaveAutocast(device, dtypeBefore, enabledBefore);
  }
}

/** Runs a body later as if it ran now: with the autocast and the kernels of this moment. */
export function currentModes(device: string): <T>(body: () => T) => T {
  const choice = kernels();
  const addon = native();
  const [enabled, dtype] = addon.enterAutocast(device, dtypeCode('bfloat16'), false);
  addon.leaveAutocast(device, dtype, enabled);
  const options = { device, dtype: dtypeName(dtype), enabled: enabled !== 0 };
  return (body) => withKernels(choice, () => autocast(options, body));
}

/**
 * Runs `body` with float32 meaning float32 on a GPU too: libtorch lets cuDNN compute float32 convolutions in TF32, with
 * three digits, which differences of close numbers do not survive. Changes nothing on a CPU.
 */
export function fullFloat32<T>(body: () => T): T {
  const before = native().setTf32(0);
  try {
    const result = body();
    rejectPromise(result, 'fullFloat32');
    return result;
  } finally {
    native().setTf32(before);
  }
}

/** `fused`: kernels of our own that do several steps in one pass; `stock`: the engine's operators, one by one. */
export type Kernels = 'fused' | 'stock';

let chosenKernels: Kernels = 'fused';

/** Whose kernels layers and losses use now. */
export function kernels(): Kernels {
  return chosenKernels;
}

/** Runs `body` with these kernels: `stock` is the reference that `fused` is held against. */
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
