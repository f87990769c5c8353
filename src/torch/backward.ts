/**
 * Runs a hook after backward passes, and backward passes from several tensors at once. Activation checkpointing needs
 * both: its hook computes again the activations that the forward pass did not keep.
 */

import { native } from './native.js';
import type { TensorHandle } from './tensor-handle.js';

let hook: (() => void) | null = null;

/**
 * Makes `work` the hook that runs after every `Tensor.backward`, in place of the hook set before. A hook may call
 * `backwardTogether`, which runs no hook.
 *
 * @returns a function that puts back the hook set before
 */
export function afterBackward(work: () => void): () => void {
  const before = hook;
  hook = work;
  return () => {
    hook = before;
  };
}

/** @internal Runs the hook, if there is one. */
export function runBackwardHook(): void {
  hook?.();
}

/**
 * Runs one backward pass from several tensors, each with its gradient. Where gradients meet, those from these tensors
 * come first in the sum, in the given order.
 */
export function backwardTogether(
  roots: readonly { readonly tensor: TensorHandle; readonly gradient: TensorHandle }[],
): void {
  native().backwardTogether(
    roots.map(({ tensor }) => tensor.id),
    roots.map(({ gradient }) => gradient.id),
  );
}
