/**
 * What a handle is, whatever is done with it: facts, lifetime, reading back. `Tensor` adds the operations.
 */

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

export abstract class TensorHandle {
  readonly id: Handle;

  /** @internal Tensors come from factories and operations. */
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

  get numel(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  get isDisposed(): boolean {
    return !native().isLive(this.id);
  }

  isContiguous(memoryFormat: MemoryFormat = 'contiguous'): boolean {
    return native().isContiguous(this.id, memoryFormatCode(memoryFormat));
  }

  /** Frees this handle now; a scope that owns it does not mind. */
  dispose(): void {
    native().dispose(this.id);
  }

  // ---- gradients

  get requiresGrad(): boolean {
    return native().requiresGradient(this.id);
  }

  requiresGrad_(on = true): this {
    native().setRequiresGradient(this.id, on);
    return this;
  }

  /** Forgets the gradient (PyTorch's `set_to_none`). */
  zeroGrad_(): this {
    native().setGradient(this.id, null);
    return this;
  }

  // ---- reading back: the host waits for the device in each of these

  /** The value of a tensor with one element. */
  item(): number {
    return native().item(this.id);
  }

  /** A copy of the elements, row-major. */
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

  /** A copy of the elements' bytes, row-major, little-endian. */
  toBytes(): Uint8Array {
    return new Uint8Array(native().toBytes(this.id));
  }

  /** Nested arrays of numbers; int64 values beyond 2^53 lose digits. */
  toArray(): NestedNumbers {
    return nest(this.toTypedArray(), this.shape);
  }
}
