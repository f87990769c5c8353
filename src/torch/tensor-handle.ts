/** Defines the base class of `Tensor`: facts about a tensor, its lifetime, and reading its elements back. */

import {
  type Device,
  type DType,
  dtypeCode,
  dtypeName,
  type MemoryFormat,
  memoryFormatCode,
  type TypedArray,
} from './dtype.js';
import { type Handle, native } from './native.js';
import { op } from './tensor-operators.js';
import { type NestedNumbers, nest, typedArrayOver } from './typed-arrays.js';

/** Refers to a tensor that the addon keeps. */
export abstract class TensorHandle {
  readonly id: Handle;

  /** @internal Factories and operations create tensors. */
  constructor(id: Handle) {
    this.id = id;
  }

  // ---- facts

  get shape(): readonly number[] {
    return native().shape(this.id);
  }

  get dtype(): DType {
    return dtypeName(native().scalarType(this.id));
  }

  get device(): Device {
    return native().device(this.id) as Device;
  }

  get ndim(): number {
    return this.shape.length;
  }

  /** Counts the elements. */
  get numel(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  get isDisposed(): boolean {
    return !native().isLive(this.id);
  }

  isContiguous(memoryFormat: MemoryFormat = 'contiguous'): boolean {
    return native().isContiguous(this.id, memoryFormatCode(memoryFormat));
  }

  /** Frees the tensor now. A scope that owns it skips it later, and disposing twice does nothing. */
  dispose(): void {
    native().dispose(this.id);
  }

  // ---- gradients

  get requiresGrad(): boolean {
    return native().requiresGradient(this.id);
  }

  /** Makes this tensor a leaf whose gradient backward passes accumulate, or switches that off. */
  requiresGrad_(on = true): this {
    native().setRequiresGradient(this.id, on);
    return this;
  }

  /** Discards the gradient (PyTorch's `set_to_none`). */
  zeroGrad_(): this {
    native().setGradient(this.id, null);
    return this;
  }

  // ---- reading back: each of these waits for the device

  /**
   * Returns the value of a tensor with one element.
   *
   * @throws {OperationError} when it has another number of elements
   */
  item(): number {
    return native().item(this.id);
  }

  /** Copies the elements, row-major, into a typed array. */
  toTypedArray(): TypedArray {
    const { dtype } = this;
    if (dtype !== 'bfloat16' && dtype !== 'float16') return typedArrayOver(native().toBytes(this.id), dtype);
    const wide = op.to(this.id, dtypeCode('float32')) as Handle;
    try {
      return typedArrayOver(native().toBytes(wide), 'float32');
    } finally {
      native().dispose(wide);
    }
  }

  /** Copies the bytes of the elements, row-major and little-endian. */
  toBytes(): Uint8Array {
    return new Uint8Array(native().toBytes(this.id));
  }

  /** Copies the elements into nested arrays of numbers. int64 values beyond 2^53 lose digits. */
  toArray(): NestedNumbers {
    return nest(this.toTypedArray(), this.shape);
  }
}
