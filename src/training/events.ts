/** Describes what a run reports while it trains, as plain data that can be sent between threads. */

import type { Evaluation } from '../evaluation/index.js';
import type { MemoryValues } from '../runs/index.js';

/** Reports one thing that happened in a run: its start, a step, an evaluation, a checkpoint or a remark. */
export type TrainingEvent =
  | {
      readonly type: 'start';
      readonly iterations: number;
      /** Counts the numbers in all parameters of the network. */
      readonly parameters: number;
      /** Counts those of them in frozen parts, which do not learn. */
      readonly frozen: number;
      /** Gives the step of the checkpoint that the run continues from; null for a new run. */
      readonly resumedFrom: number | null;
    }
  | {
      readonly type: 'step';
      readonly step: number;
      readonly iterations: number;
      /** Gives the objective; null between logged steps, because reading it back makes the host wait for the device. */
      readonly loss: number | null;
      readonly learningRate: number;
      /** Gives the images or pixels, as `unit` says, that were learned from in a second. */
      readonly perSecond: number;
      readonly unit: 'images' | 'pixels';
      /** Gives the memory since the last logged step; null between logged steps. */
      readonly memory: MemoryValues | null;
      /** Gives the share of the time since the last event that was spent waiting for a batch. */
      readonly dataWaitShare: number;
    }
  /** Reports the features that are computed before the first step of a run that learns from stored ones. */
  | { readonly type: 'features'; readonly done: number; readonly total: number; readonly seconds: number }
  /** Says in one line what the user has to know, such as what was assumed or is not as it was before a resume. */
  | { readonly type: 'notice'; readonly message: string }
  | {
      readonly type: 'evaluation';
      readonly step: number;
      readonly values: Evaluation;
      /** Gives the time since the evaluation before, or the first step, and that of the evaluation. */
      readonly seconds: { readonly steps: number; readonly evaluation: number };
    }
  /** Reports an image that is too large for memory, which an evaluation left out. */
  | { readonly type: 'leftOut'; readonly line: string }
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string };

/** Connects a run with its caller. */
export interface TrainingHooks {
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Is called after every step; when it returns true the run writes a checkpoint and ends as `interrupted`. */
  readonly shouldStop?: () => boolean;
  /** Sets the number of steps that are profiled into `profile.json`; null, the default, profiles none. */
  readonly profileSteps?: number | null;
}
