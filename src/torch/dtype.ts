/** Names element types, devices and memory formats, and maps them to libtorch's numbers (c10/core). */

import { OperationError } from '../errors/index.js';

/** Names the type of a tensor's elements. */
export type DType =
  | 'float32'
  | 'float64'
  | 'bfloat16'
  | 'float16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

/** Names the memory that holds a tensor's elements; `cuda` is the current CUDA device. */
export type Device = 'cpu' | 'cuda' | `cuda:${number}`;

/** Names the order of the dimensions in memory; in `channels-last` the channels of a pixel lie together. */
export type MemoryFormat = 'contiguous' | 'channels-last';

/** Holds the elements of a tensor that was read: bfloat16 and float16 become float32, bool becomes bytes of 0 and 1. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array;

// c10::ScalarType
const codes: Readonly<Record<DType, number>> = {
  uint8: 0,
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  float16: 5,
  float32: 6,
  float64: 7,
  bool: 11,
  bfloat16: 15,
};

const names = new Map(Object.entries(codes).map(([name, code]) => [code, name as DType]));

// c10::MemoryFormat
const formats: Readonly<Record<MemoryFormat, number>> = { contiguous: 0, 'channels-last': 2 };

const sizes: Readonly<Record<DType, number>> = {
  uint8: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  bool: 1,
  bfloat16: 2,
};

/**
 * Returns libtorch's number for a dtype.
 *
 * @throws {OperationError} when there is no such dtype
 */
export function dtypeCode(dtype: DType): number {
  const code = codes[dtype];
  if (code === undefined)
    throw new OperationError(`expected a dtype (one of ${Object.keys(codes).join(', ')}), received ${dtype}`);
  return code;
}

/**
 * Returns the dtype with libtorch's number `code`.
 *
 * @throws {OperationError} when this package does not support that type
 */
export function dtypeName(code: number): DType {
  const name = names.get(code);
  if (!name)
    throw new OperationError(
      `expected a tensor of a supported dtype, received one of libtorch's scalar type ${code}`,
    );
  return name;
}

export function memoryFormatCode(format: MemoryFormat): number {
  return formats[format];
}

/** Returns the size of one element in bytes. */
export function elementSize(dtype: DType): number {
  return sizes[dtype];
}

export function isFloatingPoint(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'bfloat16' || dtype === 'float16';
}
