/** Defines scales: a scale turns the description of a run into the config that trains it at some size. */

import type { RecipeConfig } from '../config/index.js';
import type { PaperRun } from '../recipes/internal.js';

/** Names a scale on the command line. */
export type ScaleName = 'small' | 'paper';

/** Names how runs train: the whole network, or a small head on frozen features. */
export type ExperimentMode = 'full' | 'quick';

/** Is a run that a scale cannot train. */
export interface MissingRun {
  /** Says in one line what the scale would need, or why the run has no meaning there. */
  readonly missing: string;
  /** Names the rows that this holds for, such as `rows of ade20k`. */
  readonly rows: string;
}

/** Holds a run at a scale, or why there is none. */
export type ScaledRun = { readonly name: string; readonly config: RecipeConfig } | MissingRun;

/** Turns descriptions of runs into configs of one size. */
export interface Scale {
  readonly name: ScaleName;
  readonly mode: ExperimentMode;
  /** Returns the run at this scale. Rows whose runs have the same name share a training. */
  scaled(run: PaperRun): ScaledRun;
  /** Tells a reader of the tables about the size of this experiment, a line each. */
  readonly notes: readonly string[];
  /** Tells about its datasets, a line each. */
  readonly dataNotes: readonly string[];
}

/** Names the folders of datasets; a folder given without a name counts as `cityscapes`. */
export interface DataRoots {
  readonly cityscapes?: string;
  readonly ade20k?: string;
}
