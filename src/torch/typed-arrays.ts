/** Converts between typed arrays, nested arrays of numbers and the bytes of tensors. */

import { OperationError } from '../errors/index.js';
import type { DType, TypedArray } from './dtype.js';

/** Holds a number, or arrays of numbers nested as deep as a tensor has dimensions. */
export type NestedNumbers = number | NestedNumbers[];

/**
 * Returns a typed array over the bytes of a tensor, without copying them.
 *
 * @throws {OperationError} when the dtype is bfloat16 or float16, for which there is no typed array
 */
export function typedArrayOver(buffer: ArrayBuffer, dtype: DType): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
    case 'int64':
      return new BigInt64Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer);
    case 'bfloat16':
    case 'float16':
      throw new OperationError(
        `expected a dtype that a typed array can hold, received ${dtype}; convert the tensor to float32 first`,
      );
    default:
      return dtype satisfies never;
  }
}

/** Converts numbers to a typed array of `dtype`; bfloat16 and float16 become float32. */
export function typedArrayFrom(values: readonly number[], dtype: DType): TypedArray {
  switch (dtype) {
    case 'float32':
    case 'bfloat16':
    case 'float16':
      return Float32Array.from(values);
    case 'float64':
      return Float64Array.from(values);
    case 'int64':
      return BigInt64Array.from(values, (value) => BigInt(value));
    case 'int32':
      return Int32Array.from(values);
    case 'int16':
      return Int16Array.from(values);
    case 'int8':
      return Int8Array.from(values);
    case 'uint8':
    case 'bool':
      return Uint8Array.from(values);
    default:
      return dtype satisfies never;
  }
}

/** Returns the dtype of a typed array's elements. */
export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Int16Array) return 'int16';
  if (data instanceof Int8Array) return 'int8';
  return 'uint8';
}

/** Nests row-major elements in arrays of `shape`; the shape [] gives a number. */
export function nest(data: TypedArray, shape: readonly number[]): NestedNumbers {
  let offset = 0;
  const build = (dim: number): NestedNumbers => {
    if (dim === shape.length) return Number(data[offset++]);
    return Array.from({ length: shape[dim] ?? 0 }, () => build(dim + 1));
  };
  return build(0);
}
