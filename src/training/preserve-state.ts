/** Lets a network compute forward passes whose traces are undone: running statistics and the state of the generator. */

import type { Module } from '../nn/index.js';
import { type Generator, noGrad } from '../torch/index.js';

/** Copies the running statistics and the generator's state, and returns a function that restores both. */
export function preserveState(model: Module, generator: Generator | null): () => void {
  const buffers = [...model.namedBuffers().values()];
  const saved = buffers.map((buffer) => buffer.clone());
  const drawn = generator?.state();
  return () => {
    if (drawn) generator?.setState(drawn);
    noGrad(() => {
      for (const [place, buffer] of buffers.entries()) {
        const before = saved[place];
        if (before) buffer.copy_(before);
      }
    });
  };
}
