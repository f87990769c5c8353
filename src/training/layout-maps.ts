/** Computes the maps that losses of regions read which need pixels in their arrangement. */

import type { Tensor } from '../torch/index.js';
import { forwardMaps } from './forward-maps.js';
import { anyNeeds, type RegionMaps } from './region-losses.js';
import { predictTeacher } from './teacher-prediction.js';
import type { StepBatch, TrainableOutput, TrainingComponents } from './training-components.js';

/** Holds what the networks predict for a batch. */
export interface LayoutInput {
  readonly batch: StepBatch;
  readonly output: TrainableOutput;
  /** Holds what the moving average predicts for the batch; null where nothing reads it. */
  readonly teacherLogitsNCHW: Tensor | null;
}

/**
 * Returns the maps of the patches beside the batch, or of the batch itself; null where no loss needs pixels in their
 * arrangement.
 */
export function layoutMaps(
  components: TrainingComponents,
  { batch, output, teacherLogitsNCHW }: LayoutInput,
  { precision }: { readonly precision: 'float32' | 'bfloat16' },
): RegionMaps | null {
  const { model, regionLosses } = components;
  if (!anyNeeds(regionLosses, 'layout')) return null;
  const { patches } = batch;
  if (!patches) return { batch, logitsNCHW: output.logitsNCHW, teacherLogitsNCHW };
  const { imagesNCHW } = patches;
  const how = { precision, patches: true };
  const { logitsNCHW } = forwardMaps(model, imagesNCHW, how);
  if (!anyNeeds(regionLosses, 'teacher')) return { batch: patches, logitsNCHW };
  return {
    batch: patches,
    logitsNCHW,
    teacherLogitsNCHW: predictTeacher(components, imagesNCHW, how),
  };
}
