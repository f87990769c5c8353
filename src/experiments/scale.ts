/** Defines scales: a scale turns the description of a run into the config that trains it at some size. */

import type { RecipeConfig } from '../config/index.js';
import type { PaperRun } from '../recipes/internal.js';

/** Names a scale on the command line. */
export type ScaleName = 'small' | 'paper';

/** Holds a run at a scale, or in `missing` one line about what the scale would need. */
export type ScaledRun =
  | { readonly name: string; readonly config: RecipeConfig }
  | { readonly missing: string };

/** Turns descriptions of runs into configs of one size. */
export interface Scale {
  readonly name: ScaleName;
  /** Returns the run at this scale. Rows whose runs have the same name share a training. */
  scaled(run: PaperRun): ScaledRun;
  /** Tells a reader of the tables about the size of this experiment, a line each. */
  readonly notes: readonly string[];
}

/** Names the folders of datasets; a folder given without a name counts as `cityscapes`. */
export interface DataRoots {
  readonly cityscapes?: string;
  readonly ade20k?: string;
}
