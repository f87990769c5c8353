/** Computes the maps of the heads in the precision of a step, and frees what only the graph needs. */

import { autocast, scope, type Tensor } from '../torch/index.js';
import type { TrainableModel, TrainableOutput } from './training-components.js';

type Precision = 'float32' | 'bfloat16';

/** Returns what the network predicts for images; the maps belong to the caller's scope. */
export function forwardMaps(
  model: TrainableModel,
  imagesNCHW: Tensor,
  { precision, patches = false }: { readonly precision: Precision; readonly patches?: boolean },
): TrainableOutput {
  using inner = scope();
  const compute = () => {
    if (patches && model.forwardPatches) return model.forwardPatches(imagesNCHW);
    return model.forwardLogits?.(imagesNCHW) ?? model.forward(imagesNCHW);
  };
  const output =
    precision === 'float32' ? compute() : autocast({ device: imagesNCHW.device, dtype: 'bfloat16' }, compute);
  const { logitsNCHW, auxiliaryLogitsNCHW, extraHeads = {} } = output;
  for (const map of [logitsNCHW, auxiliaryLogitsNCHW, ...Object.values(extraHeads)]) if (map) inner.keep(map);
  return output;
}
