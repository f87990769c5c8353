/** Describes the batch of a step, as it comes from the loader or from a source that makes it on the device. */

import type { Batch } from '../data/index.js';
import type { SampleOrigin } from '../reweighting/index.js';
import type { StepBatch } from './training-components.js';

/** Holds labels that can be trusted in host memory. */
export interface TrustedMap {
  /** Holds class indices [N,H,W], 255 where nothing is known. */
  readonly labels: Uint8Array;
  /** Gives the share of the objective, between 0 and 1. */
  readonly share: number;
}

/** Holds images [N,3,H,W] and labels [N,H,W] in host memory, from the loader or made by the caller. */
export interface TrainingBatch extends Pick<Batch, 'images' | 'labels' | 'height' | 'width'> {
  /** Says for each image which part of which training image it is, for reweighters with a memory. */
  readonly origins?: readonly SampleOrigin[];
  /** Lists labels that no reweighter weighs; where one of them knows a pixel, `labels` and the others are 255. */
  readonly trusted?: readonly TrustedMap[];
  /** Holds a batch of the same size with clean labels, for reweighters that learn from them. */
  readonly clean?: TrainingBatch | null;
}

/** Holds a batch that lies on the device already. */
export interface DeviceBatch {
  readonly onDevice: StepBatch;
  /** Is a batch of the same size with clean labels, for reweighters that learn from them. */
  readonly clean?: DeviceBatch | null;
}
