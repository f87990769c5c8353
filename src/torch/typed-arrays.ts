/** Between typed arrays, nested numbers and a tensor's bytes. */

import { OperationError } from '../errors/index.js';
import type { DType, TypedArray } from './dtype.js';

export type NestedNumbers = number | NestedNumbers[];

/** A view of the right kind over bytes that came from a tensor. */
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
      throw new OperationError(`${dtype} has no typed array: convert to float32 first`);
    default:
      return dtype satisfies never;
  }
}

/** Numbers as the typed array whose bytes a tensor of `dtype` holds. */
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

/** The dtype whose elements a typed array holds. */
export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Int16Array) return 'int16';
  if (data instanceof Int8Array) return 'int8';
  return 'uint8';
}

/** Row-major elements as nested arrays of `shape`; a bare number for shape []. */
export function nest(data: TypedArray, shape: readonly number[]): NestedNumbers {
  let offset = 0;
  const build = (dim: number): NestedNumbers => {
    if (dim === shape.length) return Number(data[offset++]);
    return Array.from({ length: shape[dim] ?? 0 }, () => build(dim + 1));
  };
  return build(0);
}
