/** Creates tensors. The caller always names the dtype, as JavaScript has one type for all numbers. */

import { OperationError } from '../errors/index.js';
import { type Device, type DType, dtypeCode, type TypedArray } from './dtype.js';
import { type Handle, type NativeValue, native } from './native.js';
import { operator } from './operator.js';
import { type Tensor, wrap } from './tensor.js';
import { dtypeOf, typedArrayFrom } from './typed-arrays.js';

const atenEmpty = operator('aten::empty', 'memory_format');
const atenZeros = operator('aten::zeros');
const atenOnes = operator('aten::ones');
const atenFull = operator('aten::full');
const atenArange = operator('aten::arange');
const atenRand = operator('aten::rand', 'generator');
const atenRandn = operator('aten::randn', 'generator');
const atenCat = operator('aten::cat');
const atenStack = operator('aten::stack');

/** Configures the elements of a new tensor. */
export interface TensorOptions {
  readonly dtype: DType;
  readonly device?: Device;
}

/** Configures a new tensor of random numbers. */
export interface RandomOptions extends TensorOptions {
  /** Draws the numbers; a `Generator`. */
  readonly generator: { readonly id: Handle };
}

/** Creates a tensor whose elements are undefined until they are written. */
export function empty(shape: readonly number[], { dtype, device = 'cpu' }: TensorOptions): Tensor {
  return one(atenEmpty(shape, dtypeCode(dtype), undefined, device));
}

/** Creates a tensor of zeros. */
export function zeros(shape: readonly number[], { dtype, device = 'cpu' }: TensorOptions): Tensor {
  return one(atenZeros(shape, dtypeCode(dtype), undefined, device));
}

/** Creates a tensor of ones. */
export function ones(shape: readonly number[], { dtype, device = 'cpu' }: TensorOptions): Tensor {
  return one(atenOnes(shape, dtypeCode(dtype), undefined, device));
}

/** Creates a tensor whose elements all have one value. */
export function full(
  shape: readonly number[],
  { value, dtype, device = 'cpu' }: TensorOptions & { readonly value: number },
): Tensor {
  return one(atenFull(shape, value, dtypeCode(dtype), undefined, device));
}

/** Creates a tensor of the numbers 0, 1, …, end − 1. */
export function arange(end: number, { dtype, device = 'cpu' }: TensorOptions): Tensor {
  return one(atenArange(end, dtypeCode(dtype), undefined, device));
}

/** Draws a tensor of numbers uniform in [0, 1). */
export function rand(shape: readonly number[], { dtype, device = 'cpu', generator }: RandomOptions): Tensor {
  return one(atenRand(shape, generator.id, dtypeCode(dtype), undefined, device));
}

/** Draws a tensor of normal numbers with mean 0 and standard deviation 1. */
export function randn(shape: readonly number[], { dtype, device = 'cpu', generator }: RandomOptions): Tensor {
  return one(atenRandn(shape, generator.id, dtypeCode(dtype), undefined, device));
}

/**
 * Copies numbers, row-major, into a new tensor. A Float32Array may also become bfloat16 or float16.
 *
 * @throws {OperationError} when the length does not fit the shape, or a typed array's elements are not of `dtype`
 */
export function tensorFrom(
  data: TypedArray | readonly number[],
  { dtype, shape, device = 'cpu' }: TensorOptions & { readonly shape: readonly number[] },
): Tensor {
  const count = shape.reduce((product, length) => product * length, 1);
  if (data.length !== count) {
    throw new OperationError(
      `tensorFrom: expected ${count} elements for shape [${shape}], received ${data.length}`,
    );
  }
  const array = ArrayBuffer.isView(data) ? data : typedArrayFrom(data, dtype);
  const stored = dtypeOf(array);
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (stored === dtype || (stored === 'uint8' && dtype === 'bool'))
    return tensorFromBytes(bytes, { dtype, shape, device });
  if (ArrayBuffer.isView(data) && !(stored === 'float32' && (dtype === 'bfloat16' || dtype === 'float16'))) {
    throw new OperationError(`tensorFrom: expected an array of ${dtype}, received one of ${stored}`);
  }
  const wide = tensorFromBytes(bytes, { dtype: stored, shape, device });
  try {
    return wide.to({ dtype });
  } finally {
    wide.dispose();
  }
}

/**
 * Copies raw little-endian bytes, row-major, into a new tensor.
 *
 * @throws {OperationError} when the number of bytes does not fit shape and dtype
 */
export function tensorFromBytes(
  bytes: Uint8Array,
  { dtype, shape, device = 'cpu' }: TensorOptions & { readonly shape: readonly number[] },
): Tensor {
  return wrap(native().fromBytes(bytes, dtypeCode(dtype), shape, device));
}

/** Joins tensors along the dimension `dim`, in which alone their sizes may differ. */
export function cat(tensors: readonly Tensor[], dim: number): Tensor {
  return one(atenCat(handles(tensors), dim));
}

/** Joins tensors of one shape along a new dimension, which becomes dimension `dim`. */
export function stack(tensors: readonly Tensor[], dim: number): Tensor {
  return one(atenStack(handles(tensors), dim));
}

function handles(tensors: readonly Tensor[]): Handle[] {
  return tensors.map((tensor) => tensor.id);
}

function one(value: NativeValue): Tensor {
  return wrap(value as Handle);
}
