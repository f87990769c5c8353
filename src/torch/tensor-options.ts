/** Defines the options that methods of `Tensor` take. */

import type { Device, DType, MemoryFormat } from './dtype.js';

/** Configures the shape of a reduction's result. */
export interface KeepDimOption {
  /** Leaves a reduced dimension in place with length 1. */
  readonly keepDim?: boolean;
}

/** Configures an addition. */
export interface AlphaOption {
  /** Multiplies the other operand. */
  readonly alpha?: number;
}

/** Bounds values; a bound that is missing is not applied. */
export interface ClampOptions {
  readonly min?: number;
  readonly max?: number;
}

/** Configures a conversion; what is missing stays as it is. */
export interface ToOptions {
  readonly dtype?: DType;
  readonly device?: Device;
  readonly memoryFormat?: MemoryFormat;
}
