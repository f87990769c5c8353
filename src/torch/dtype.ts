/** Element types, devices and memory formats: their names here and libtorch's numbers for them (c10/core). */

import { OperationError } from '../errors/index.js';

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

export type Device = 'cpu' | 'cuda' | `cuda:${number}`;

export type MemoryFormat = 'contiguous' | 'channels-last';

/** What reading a tensor back gives: bfloat16 and float16 widen to float32, bool becomes bytes of 0 and 1. */
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

export function dtypeCode(dtype: DType): number {
  const code = codes[dtype];
  if (code === undefined)
    throw new OperationError(`expected a dtype (${Object.keys(codes).join(', ')}), received ${dtype}`);
  return code;
}

export function dtypeName(code: number): DType {
  const name = names.get(code);
  if (!name) throw new OperationError(`a tensor of libtorch's scalar type ${code} has no name here`);
  return name;
}

export function memoryFormatCode(format: MemoryFormat): number {
  return formats[format];
}

/** Bytes of one element. */
export function elementSize(dtype: DType): number {
  return sizes[dtype];
}

export function isFloatingPoint(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'bfloat16' || dtype === 'float16';
}
