/**
 * What happens after a backward pass: work that a forward pass put off, such as computing again what it did not keep.
 * A backward pass from several tensors at once does not call it: it is part of that work.
 */

import { native } from './native.js';
import type { TensorHandle } from './tensor-handle.js';

let follow: (() => void) | null = null;

/** Called after every `Tensor.backward`, until the result is called, which puts back what was called before. */
export function afterBackward(work: () => void): () => void {
  const before = follow;
  follow = work;
  return () => {
    follow = before;
  };
}

/** @internal */
export function followBackward(): void {
  follow?.();
}

/**
 * One backward pass from several tensors with their gradients. Where gradients meet, these come first in the sum, in this
 * order.
 */
export function backwardTogether(
  roots: readonly { readonly tensor: TensorHandle; readonly gradient: TensorHandle }[],
): void {
  native().backwardTogether(
    roots.map(({ tensor }) => tensor.id),
    roots.map(({ gradient }) => gradient.id),
  );
}
