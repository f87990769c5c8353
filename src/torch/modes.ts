/**
 * Switches modes that change how operations compute: recording of gradients, automatic mixed precision, the precision
 * of float32 on a GPU, and the choice of kernels. A mode holds while a synchronous callback runs.
 */

import type { DType } from './dtype.js';
import { dtypeCode, dtypeName } from './dtype.js';
import { kernels, withKernels } from './kernels.js';
import { native } from './native.js';
import { rejectPromise } from './scope.js';

/**
 * Runs `body` without recording gradients.
 *
 * @throws {OperationError} when `body` returns a Promise
 */
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

/** Tells whether operations are recorded for a backward pass now. */
export function isRecording(): boolean {
  const on = native().setGradientMode(true);
  native().setGradientMode(on);
  return on;
}

/** Configures automatic mixed precision. */
export interface AutocastOptions {
  /** Names the kind of device on which it applies: `cpu` (the default) or `cuda`. */
  readonly device?: string;
  /** Sets the type of products; bfloat16 by default. */
  readonly dtype?: DType;
  /** Switches an outer autocast off when false, for code that must stay in float32. */
  readonly enabled?: boolean;
}

/**
 * Runs `body` with convolutions and matrix products in `dtype`, and reductions and losses in float32.
 *
 * @throws {OperationError} when `body` returns a Promise
 */
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

/** Returns a function that runs a callback later with the autocast and the kernels that are in force now. */
export function currentModes(device: string): <T>(body: () => T) => T {
  const choice = kernels();
  const addon = native();
  const [enabled, dtype] = addon.enterAutocast(device, dtypeCode('bfloat16'), false);
  addon.leaveAutocast(device, dtype, enabled);
  const options = { device, dtype: dtypeName(dtype), enabled: enabled !== 0 };
  return (body) => withKernels(choice, () => autocast(options, body));
}

/**
 * Runs `body` with full float32 precision on a GPU. By default cuDNN computes float32 convolutions in TF32, which keeps
 * three decimal digits: too few for differences of close numbers. Changes nothing on a CPU.
 *
 * @throws {OperationError} when `body` returns a Promise
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
