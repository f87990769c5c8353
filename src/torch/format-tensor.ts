/** Formats tensors for logs and debuggers: `Tensor float32[2,3] cpu [0.5, 1, …]`. */

import type { DType, TypedArray } from './dtype.js';
import { scope } from './scope.js';

/** Describes the part of a tensor that formatting needs; `Tensor` itself imports this file. */
interface Describable {
  readonly isDisposed: boolean;
  readonly dtype: DType;
  readonly device: string;
  readonly shape: readonly number[];
  readonly numel: number;
  flatten(): Describable;
  narrow(dim: number, start: number, length: number): Describable;
  toTypedArray(): TypedArray;
}

const shownValues = 6;

/** Returns dtype, shape, device and the first values of a tensor in one line. */
export function formatTensor(tensor: Describable): string {
  if (tensor.isDisposed) return 'Tensor (disposed)';
  const { shape, dtype, device, numel } = tensor;
  const more = numel > shownValues ? ', …' : '';
  return `Tensor ${dtype}[${shape.join(',')}] ${device} [${firstValues(tensor)}${more}]`;
}

function firstValues(tensor: Describable): string {
  if (tensor.numel === 0) return '';
  using _views = scope();
  const first = tensor.flatten().narrow(0, 0, Math.min(tensor.numel, shownValues));
  return Array.from(first.toTypedArray() as Iterable<number | bigint>, (value) =>
    String(Number(Number(value).toPrecision(5))),
  ).join(', ');
}
