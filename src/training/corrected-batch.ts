/** Replaces labels of a batch that are corrected in training, before anything is computed from them. */

import { OperationError } from '../errors/index.js';
import { resizeBilinear } from '../nn/index.js';
import { noGrad, type Tensor } from '../torch/index.js';
import type { StepBatch, TrainableOutput, TrainingComponents } from './training-components.js';

/** Holds a part of a batch with what the network predicts for it. */
export interface CorrectedBatchInput extends TrainableOutput {
  readonly batch: StepBatch;
  /** Holds logits of the moving average of the network, by which labels are replaced where there is one. */
  readonly teacherLogitsNCHW?: Tensor | null;
  readonly progress?: number;
}

/**
 * Returns the batch with the labels to learn from; without a correction, the batch itself. Trusted labels stay.
 *
 * @throws {OperationError} when labels are corrected and the step does not say how far the run is
 */
export function correctedBatch(
  { correction = null, processGroup = null }: TrainingComponents,
  { batch, logitsNCHW, teacherLogitsNCHW, progress }: CorrectedBatchInput,
  { counts = true }: { readonly counts?: boolean } = {},
): StepBatch {
  if (correction === null) return batch;
  if (progress === undefined) {
    throw new OperationError(
      'trainStep: correction depends on how far the run is; expected progress in the options, received none',
    );
  }
  const { labelsNHW } = batch;
  const [, height = 0, width = 0] = labelsNHW.shape;
  const atLabels = (mapNCHW: Tensor) => resizeBilinear(mapNCHW.detach(), [height, width]);
  const corrected = noGrad(() =>
    correction.correct({
      labelsNHW,
      logitsNCHW: atLabels(logitsNCHW),
      ...(teacherLogitsNCHW && { referenceNCHW: atLabels(teacherLogitsNCHW) }),
      progress,
      processGroup,
      counts,
    }),
  );
  return { ...batch, labelsNHW: corrected };
}
