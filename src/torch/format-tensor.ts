/** `Tensor float32[2,3] cpu [0.5, 1, …]`: what a tensor looks like in a log or a debugger. */

import type { DType, TypedArray } from './dtype.js';

interface Describable {
  readonly isDisposed: boolean;
  readonly dtype: DType;
  readonly device: string;
  readonly shape: readonly number[];
  flatten(): Describable;
  narrow(dim: number, start: number, length: number): Describable;
  toTypedArray(): TypedArray;
  dispose(): void;
}

const shown = 6;

export function formatTensor(tensor: Describable): string {
  if (tensor.isDisposed) return 'Tensor (disposed)';
  const { shape, dtype, device } = tensor;
  const count = shape.reduce((product, length) => product * length, 1);
  return `Tensor ${dtype}[${shape.join(',')}] ${device} [${values(tensor, count)}${count > shown ? ', …' : ''}]`;
}

function values(tensor: Describable, count: number): string {
  if (count === 0) return '';
  const flat = tensor.flatten();
  const first = flat.narrow(0, 0, Math.min(count, shown));
  const text = Array.from(first.toTypedArray() as Iterable<number | bigint>, (value) =>
    String(Number(Number(value).toPrecision(5))),
  ).join(', ');
  first.dispose();
  flat.dispose();
  return text;
}
