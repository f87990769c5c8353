/**
 * Defines tensors and their operations. An operation never consumes its arguments and returns a new tensor, which the
 * innermost scope owns. Methods whose names end in `_` write in place and return the same object.
 */

import { OperationError } from '../errors/index.js';
import { runBackwardHook } from './backward.js';
import { dtypeCode, type MemoryFormat, memoryFormatCode } from './dtype.js';
import { formatTensor } from './format-tensor.js';
import { type Handle, type NativeValue, native } from './native.js';
import { adopt, shareUnowned } from './scope.js';
import { TensorHandle } from './tensor-handle.js';
import { op } from './tensor-operators.js';
import type { AlphaOption, ClampOptions, KeepDimOption, ToOptions } from './tensor-options.js';

/** Represents an n-dimensional array in the memory of libtorch, to which it holds a handle. */
export class Tensor extends TensorHandle {
  /** Returns the accumulated gradient of a leaf, sharing its storage; null before the first backward pass. */
  get grad(): Tensor | null {
    const handle = native().gradient(this.id);
    return handle === null ? null : wrap(handle);
  }

  set grad(value: Tensor | null) {
    native().setGradient(this.id, value === null ? null : value.id);
  }

  /**
   * Runs the backward pass from this tensor, which adds to the gradients of all leaves that it depends on.
   *
   * @throws {OperationError} when it has several elements and no `gradient` is given, or no gradient was recorded
   */
  backward({
    gradient,
    retainGraph,
  }: {
    readonly gradient?: Tensor;
    readonly retainGraph?: boolean;
  } = {}): void {
    native().backward(this.id, gradient?.id, retainGraph);
    runBackwardHook();
  }

  /** Returns the same elements without their history, so that no gradient flows back. */
  detach(): Tensor {
    return one(op.detach(this.id));
  }

  // ---- arithmetic

  /** Returns this + alpha · other. */
  add(other: Tensor | number, { alpha = 1 }: AlphaOption = {}): Tensor {
    return one(
      isTensor(other) ? op.addTensor(this.id, other.id, alpha) : op.addScalar(this.id, other, alpha),
    );
  }

  sub(other: Tensor | number): Tensor {
    return one(isTensor(other) ? op.subTensor(this.id, other.id) : op.subScalar(this.id, other));
  }

  mul(other: Tensor | number): Tensor {
    return one(isTensor(other) ? op.mulTensor(this.id, other.id) : op.mulScalar(this.id, other));
  }

  div(other: Tensor | number): Tensor {
    return one(isTensor(other) ? op.divTensor(this.id, other.id) : op.divScalar(this.id, other));
  }

  pow(exponent: Tensor | number): Tensor {
    return one(isTensor(exponent) ? op.powTensor(this.id, exponent.id) : op.powScalar(this.id, exponent));
  }

  maximum(other: Tensor | number): Tensor {
    return isTensor(other) ? one(op.maximum(this.id, other.id)) : this.clamp({ min: other });
  }

  minimum(other: Tensor | number): Tensor {
    return isTensor(other) ? one(op.minimum(this.id, other.id)) : this.clamp({ max: other });
  }

  clamp({ min, max }: ClampOptions): Tensor {
    return one(op.clamp(this.id, min ?? null, max ?? null));
  }

  neg(): Tensor {
    return one(op.neg(this.id));
  }

  abs(): Tensor {
    return one(op.abs(this.id));
  }

  exp(): Tensor {
    return one(op.exp(this.id));
  }

  log(): Tensor {
    return one(op.log(this.id));
  }

  sqrt(): Tensor {
    return one(op.sqrt(this.id));
  }

  square(): Tensor {
    return one(op.square(this.id));
  }

  reciprocal(): Tensor {
    return one(op.reciprocal(this.id));
  }

  sigmoid(): Tensor {
    return one(op.sigmoid(this.id));
  }

  /** Returns x · sigmoid(x), also called swish. */
  silu(): Tensor {
    return one(op.silu(this.id));
  }

  relu(): Tensor {
    return one(op.relu(this.id));
  }

  tanh(): Tensor {
    return one(op.tanh(this.id));
  }

  matmul(other: Tensor): Tensor {
    return one(op.matmul(this.id, other.id));
  }

  // ---- comparison, with bool results

  eq(other: Tensor | number): Tensor {
    return one(isTensor(other) ? op.eqTensor(this.id, other.id) : op.eqScalar(this.id, other));
  }

  ne(other: Tensor | number): Tensor {
    return one(isTensor(other) ? op.neTensor(this.id, other.id) : op.neScalar(this.id, other));
  }

  lt(other: Tensor | number): Tensor {
    return one(isTensor(other) ? op.ltTensor(this.id, other.id) : op.ltScalar(this.id, other));
  }

  le(other: Tensor | number): Tensor {
    return one(isTensor(other) ? op.leTensor(this.id, other.id) : op.leScalar(this.id, other));
  }

  gt(other: Tensor | number): Tensor {
    return one(isTensor(other) ? op.gtTensor(this.id, other.id) : op.gtScalar(this.id, other));
  }

  ge(other: Tensor | number): Tensor {
    return one(isTensor(other) ? op.geTensor(this.id, other.id) : op.geScalar(this.id, other));
  }

  logicalAnd(other: Tensor): Tensor {
    return one(op.logicalAnd(this.id, other.id));
  }

  logicalOr(other: Tensor): Tensor {
    return one(op.logicalOr(this.id, other.id));
  }

  logicalNot(): Tensor {
    return one(op.logicalNot(this.id));
  }

  /** Returns this tensor's elements where `condition` is true and those of `other` elsewhere. */
  where(condition: Tensor, other: Tensor | number): Tensor {
    return one(
      isTensor(other)
        ? op.whereTensor(condition.id, this.id, other.id)
        : op.whereScalar(condition.id, this.id, other),
    );
  }

  // ---- reductions

  /** Sums over the given dimensions, or over all. */
  sum(dims?: number | readonly number[], { keepDim = false }: KeepDimOption = {}): Tensor {
    return one(dims === undefined ? op.sumAll(this.id) : op.sumOver(this.id, list(dims), keepDim));
  }

  /** Returns the mean over the given dimensions, or over all. */
  mean(dims?: number | readonly number[], { keepDim = false }: KeepDimOption = {}): Tensor {
    return one(dims === undefined ? op.meanAll(this.id) : op.meanOver(this.id, list(dims), keepDim));
  }

  amax(dims: number | readonly number[], { keepDim = false }: KeepDimOption = {}): Tensor {
    return one(op.amax(this.id, list(dims), keepDim));
  }

  amin(dims: number | readonly number[], { keepDim = false }: KeepDimOption = {}): Tensor {
    return one(op.amin(this.id, list(dims), keepDim));
  }

  /** Returns the int64 positions of the maxima along a dimension. */
  argmax(dim: number, { keepDim = false }: KeepDimOption = {}): Tensor {
    return one(op.argmax(this.id, dim, keepDim));
  }

  max(): Tensor {
    return one(op.maxAll(this.id));
  }

  min(): Tensor {
    return one(op.minAll(this.id));
  }

  /** Returns ‖x‖_p over all elements. */
  norm(p = 2): Tensor {
    return one(op.norm(this.id, p));
  }

  softmax(dim: number): Tensor {
    return one(op.softmax(this.id, dim));
  }

  logSoftmax(dim: number): Tensor {
    return one(op.logSoftmax(this.id, dim));
  }

  // ---- shape and selection

  reshape(shape: readonly number[]): Tensor {
    return one(op.reshape(this.id, shape));
  }

  permute(dims: readonly number[]): Tensor {
    return one(op.permute(this.id, dims));
  }

  transpose(first: number, second: number): Tensor {
    return one(op.transpose(this.id, first, second));
  }

  squeeze(dim?: number): Tensor {
    return one(dim === undefined ? op.squeezeAll(this.id) : op.squeezeAt(this.id, dim));
  }

  unsqueeze(dim: number): Tensor {
    return one(op.unsqueeze(this.id, dim));
  }

  expand(shape: readonly number[]): Tensor {
    return one(op.expand(this.id, shape));
  }

  flatten(start = 0, end = -1): Tensor {
    return one(op.flatten(this.id, start, end));
  }

  /** Returns `length` slices along a dimension, from index `start` on; the storage is shared. */
  narrow(dim: number, start: number, length: number): Tensor {
    return one(op.narrow(this.id, dim, start, length));
  }

  /** Returns one slice along a dimension, without that dimension; the storage is shared. */
  select(dim: number, index: number): Tensor {
    return one(op.select(this.id, dim, index));
  }

  /** Picks an element along `dim` for each element of `index` (int64). */
  gather(dim: number, index: Tensor): Tensor {
    return one(op.gather(this.id, dim, index.id));
  }

  /** Selects slices along a dimension by a one-dimensional tensor of int64 indices. */
  indexSelect(dim: number, index: Tensor): Tensor {
    return one(op.indexSelect(this.id, dim, index.id));
  }

  /** Returns the elements where `mask` is true, as a one-dimensional tensor. */
  maskedSelect(mask: Tensor): Tensor {
    return one(op.maskedSelect(this.id, mask.id));
  }

  /** Returns the elements in the order of this memory format; a copy only when they are in another. */
  contiguous({ memoryFormat = 'contiguous' }: { readonly memoryFormat?: MemoryFormat } = {}): Tensor {
    return one(op.contiguous(this.id, memoryFormatCode(memoryFormat)));
  }

  clone(): Tensor {
    return one(op.clone(this.id));
  }

  /** Converts to another dtype, device or memory format. The storage is shared when nothing changes. */
  to({ dtype, device, memoryFormat }: ToOptions): Tensor {
    return one(
      op.to(
        this.id,
        dtype && dtypeCode(dtype),
        undefined,
        device,
        undefined,
        false,
        false,
        memoryFormat && memoryFormatCode(memoryFormat),
      ),
    );
  }

  // ---- in place

  add_(other: Tensor | number, { alpha = 1 }: AlphaOption = {}): this {
    return this.#write(
      isTensor(other) ? op.addTensor_(this.id, other.id, alpha) : op.addScalar_(this.id, other, alpha),
    );
  }

  sub_(other: Tensor | number): this {
    return this.#write(isTensor(other) ? op.subTensor_(this.id, other.id) : op.subScalar_(this.id, other));
  }

  mul_(other: Tensor | number): this {
    return this.#write(isTensor(other) ? op.mulTensor_(this.id, other.id) : op.mulScalar_(this.id, other));
  }

  div_(other: Tensor | number): this {
    return this.#write(isTensor(other) ? op.divTensor_(this.id, other.id) : op.divScalar_(this.id, other));
  }

  /** Overwrites the elements with those of `source`, converting dtype and device. */
  copy_(source: Tensor): this {
    return this.#write(op.copy_(this.id, source.id));
  }

  zero_(): this {
    return this.#write(op.zero_(this.id));
  }

  fill_(value: number): this {
    return this.#write(op.fill_(this.id, value));
  }

  clamp_({ min, max }: ClampOptions): this {
    return this.#write(op.clamp_(this.id, min ?? null, max ?? null));
  }

  /**
   * Replaces storage, dtype and device by those of another tensor; optimizers that hold this tensor use the new ones.
   */
  setData_(other: Tensor): this {
    native().setData(this.id, other.id);
    return this;
  }

  // ---- text

  override toString(): string {
    return formatTensor(this);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return formatTensor(this);
  }

  // An in-place operator returns the handle of its first argument, which this tensor holds already.
  #write(_handle: NativeValue): this {
    return this;
  }
}

/** @internal Returns the tensor of a new handle, which the innermost scope owns from then on. */
export function wrap(handle: Handle): Tensor {
  adopt(handle);
  return new Tensor(handle);
}

/**
 * Moves a tensor to a handle that no scope owns, from which parameters and buffers are made, and disposes the tensor.
 *
 * @returns the handle, which lives until it is disposed
 */
export function takeHandle(tensor: Tensor): Handle {
  const handle = shareUnowned(tensor);
  tensor.dispose();
  return handle;
}

/** Returns the same tensor under a second handle that no scope owns. It lives until it is disposed. */
export function shareHandle(tensor: Tensor): Tensor {
  return new Tensor(shareUnowned(tensor));
}

function one(value: NativeValue): Tensor {
  if (typeof value === 'number') return wrap(value);
  throw new OperationError(`expected one tensor as the result of an operator, received ${value}`);
}

const isTensor = (value: Tensor | number): value is Tensor => typeof value !== 'number';
const list = (dims: number | readonly number[]) => (typeof dims === 'number' ? [dims] : dims);
