/** Tensors from nothing, from numbers and from other tensors. A dtype is always named: JavaScript has one number type. */

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

export interface TensorOptions {
  readonly dtype: DType;
  readonly device?: Device;
}

export interface RandomOptions extends TensorOptions {
  /** A `Generator`. */
  readonly generator: { readonly id: Handle };
}

/** Elements undefined until written. */
export function empty(shape: readonly number[], { dtype, device = 'cpu' }: TensorOptions): Tensor {
  return one(atenEmpty(shape, dtypeCode(dtype), undefined, device));
}

export function zeros(shape: readonly number[], { dtype, device = 'cpu' }: TensorOptions): Tensor {
  return one(atenZeros(shape, dtypeCode(dtype), undefined, device));
}

export function ones(shape: readonly number[], { dtype, device = 'cpu' }: TensorOptions): Tensor {
  return one(atenOnes(shape, dtypeCode(dtype), undefined, device));
}

export function full(
  shape: readonly number[],
  { value, dtype, device = 'cpu' }: TensorOptions & { readonly value: number },
): Tensor {
  return one(atenFull(shape, value, dtypeCode(dtype), undefined, device));
}

/** 0, 1, …, end − 1. */
export function arange(end: number, { dtype, device = 'cpu' }: TensorOptions): Tensor {
  return one(atenArange(end, dtypeCode(dtype), undefined, device));
}

/** Uniform on [0, 1). */
export function rand(shape: readonly number[], { dtype, device = 'cpu', generator }: RandomOptions): Tensor {
  return one(atenRand(shape, generator.id, dtypeCode(dtype), undefined, device));
}

/** Standard normal. */
export function randn(shape: readonly number[], { dtype, device = 'cpu', generator }: RandomOptions): Tensor {
  return one(atenRandn(shape, generator.id, dtypeCode(dtype), undefined, device));
}

/**
 * A tensor with a copy of `data`, row-major.
 * @throws OperationError when the length does not fit the shape, or a typed array's elements are not of `dtype`
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
  const narrow = wide.to({ dtype });
  wide.dispose();
  return narrow;
}

/** A tensor with a copy of raw little-endian bytes, row-major. */
export function tensorFromBytes(
  bytes: Uint8Array,
  { dtype, shape, device = 'cpu' }: TensorOptions & { readonly shape: readonly number[] },
): Tensor {
  return wrap(native().fromBytes(bytes, dtypeCode(dtype), shape, device));
}

/** Along an existing dimension. */
export function cat(tensors: readonly Tensor[], dim: number): Tensor {
  return one(atenCat(handles(tensors), dim));
}

/** Along a new dimension. */
export function stack(tensors: readonly Tensor[], dim: number): Tensor {
  return one(atenStack(handles(tensors), dim));
}

function handles(tensors: readonly Tensor[]): Handle[] {
  return tensors.map((tensor) => tensor.id);
}

function one(value: NativeValue): Tensor {
  return wrap(value as Handle);
}
