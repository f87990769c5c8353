/** What a run tells while it goes on; plain data, so that it crosses threads. */

import type { Evaluation } from '../evaluation/index.js';

export type TrainingEvent =
  | {
      readonly type: 'start';
      readonly iterations: number;
      /** Of the network. */
      readonly parameters: number;
      readonly resumedFrom: number | null;
    }
  | {
      readonly type: 'step';
      readonly step: number;
      readonly iterations: number;
      /** The objective; null between logged steps, when it is not read back. */
      readonly loss: number | null;
      readonly learningRate: number;
      readonly imagesPerSecond: number;
      /** Bytes in tensors now. */
      readonly memoryBytes: number;
      /** Share of the time since the last event that was spent waiting for a batch. */
      readonly dataWaitShare: number;
    }
  | { readonly type: 'evaluation'; readonly step: number; readonly values: Evaluation }
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string };

/** What a run tells, and what it asks. */
export interface TrainingHooks {
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Asked after every step; true writes a checkpoint and returns `interrupted`. */
  readonly shouldStop?: () => boolean;
  /** Steps to profile, see `StepProfiler`; null or left out for none. */
  readonly profileSteps?: number | null;
}
