/**
 * Describes the values of each kind of line in `metrics.jsonl`. What training writes has these types, and what others
 * read is checked against these schemas.
 */

import { z } from 'zod';
import { pixelStatistics } from './pixel-statistics.js';

/** Accepts a computed number; NaN and infinity are null in the file. */
const computed = z.number().nullable();

const trainValues = z.object({
  /** Gives the objective that the step descended. */
  loss: computed,
  /** Gives the mean pixel loss of the main head. */
  mainLoss: computed,
  /** Gives the sum of pixel losses times weights, Σ w′·l; absent without a reweighter. */
  weightedLoss: computed.optional(),
  /** Gives the share of the labeled pixels that share the loss; absent where all of them do. */
  keptShare: computed.optional(),
  /** Gives the share of the labeled pixels whose label was replaced; absent without a correction. */
  correctedShare: computed.optional(),
  /** Gives the sum of the losses of regions times their weights; absent without any. */
  regionLoss: computed.optional(),
  /** Gives the mean cross-entropy of the auxiliary head; absent without one. */
  auxiliaryLoss: computed.optional(),
  trustedLoss: computed.optional(),
  learningRate: z.number(),
});

const memoryValues = z.object({
  /** Counts the bytes in tensors on the CPU at the moment since the last such line at which they were most. */
  peakTensorBytes: z.number(),
  /** Counts the bytes of the whole process that were in physical memory when the line was written. */
  residentBytes: z.number(),
  /** Gives the share of the time since the last such line that was spent waiting for data; absent in older runs. */
  dataWaitShare: z.number().optional(),
});

const samplingValues = z.object({
  /** Counts the training crops since the last such line. */
  crops: z.number(),
  /** Counts the pixels of each class in these crops, and the crops that show it. */
  perClass: z.array(z.object({ name: z.string(), pixels: z.number(), crops: z.number() })),
});

const classValues = z.object({
  name: z.string(),
  iou: computed,
  accuracy: computed,
  boundaryF1: computed.optional(),
});

const evaluationValues = z.object({
  aAcc: computed,
  mAcc: computed,
  mIoU: computed,
  /** Gives the mean boundary F-score; it and the next key are absent when boundaries were not scored. */
  boundaryF1: computed.optional(),
  /** Holds the mean IoU in bands of `width` pixels on both sides of label boundaries. */
  trimapMIoU: z.array(z.object({ width: z.number(), mIoU: computed })).optional(),
  perClass: z.array(classValues),
});

const weightValues = z
  .object({
    /** Holds the confidences v̂ at which the weight function W was evaluated, ascending. */
    confidence: z.array(z.number()),
    weight: z.array(computed),
    /** Holds W at the same confidences for several agreements; absent where W depends on confidence alone. */
    byAgreement: z.array(z.object({ agreement: z.number(), weight: z.array(computed) })).optional(),
  })
  .refine(({ confidence, weight }) => confidence.length === weight.length, {
    path: ['weight'],
    error: 'expected as many numbers as in confidence',
  });

const heldOutValues = z.object({
  /** Gives the scores of the held-out points. */
  mIoU: computed,
  aAcc: computed,
  /** Says what the score means; after `stop` the network is that of `bestStep` again. */
  verdict: z.enum(['best', 'even', 'worse', 'stop']),
  bestStep: z.number().nullable(),
});

const timingValues = z.object({
  /** Gives the seconds in which the features of the training images were computed or read. */
  features: z.number(),
  /** Gives the seconds of the training steps of this process. */
  steps: z.number(),
  /** Gives the seconds of the evaluations of this process. */
  evaluation: z.number(),
});

/** Holds the schema of a line's values by its split. */
export const metricValues = {
  train: trainValues,
  memory: memoryValues,
  sampling: samplingValues,
  val: evaluationValues,
  weights: weightValues,
  statistics: pixelStatistics,
  timing: timingValues,
  heldOut: heldOutValues,
};

/** Holds scores as fractions in [0, 1]; null when a score does not exist. */
export type EvaluationValues = z.output<typeof evaluationValues>;
/** Holds the loss and the learning rate of a logged step. */
export type TrainValues = z.output<typeof trainValues>;
/** Holds what a run took of the memory between two lines, evaluations included. */
export type MemoryValues = z.output<typeof memoryValues>;
/** Holds which classes the training crops showed, for runs that balance them. */
export type SamplingValues = z.output<typeof samplingValues>;
/** Holds where the time of a run on stored features went, in seconds. */
export type TimingValues = z.output<typeof timingValues>;
/** Holds the scores of points that are not learned from. */
export type HeldOutValues = z.output<typeof heldOutValues>;
/** Holds the weight function of a reweighter at points of confidence. */
export type WeightValues = z.output<typeof weightValues>;
