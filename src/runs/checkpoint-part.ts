/** Reads one part of a checkpoint, which holds several side by side: `model.…`, `reweighter.…`, `optimizer.…`. */

import type { Tensor } from '../torch/index.js';

/** Returns the tensors of one part under their names inside it; empty when the checkpoint has no such part. */
export function checkpointPart(tensors: ReadonlyMap<string, Tensor>, part: string): Map<string, Tensor> {
  const prefix = `${part}.`;
  const own = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith(prefix)) own.set(name.slice(prefix.length), tensor);
  }
  return own;
}
