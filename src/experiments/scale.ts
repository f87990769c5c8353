/** Describes the scale of an experiment, which turns a run of the paper into a config. */

import type { RecipeConfig } from '../config/index.js';
import type { PaperRun } from '../recipes/internal.js';

/** Names a scale on the command line. */
export type ScaleName = 'small' | 'paper';

/** Is a run at some scale, or one line about what is `missing` to run it. */
export type ScaledRun =
  | { readonly name: string; readonly config: RecipeConfig }
  | { readonly missing: string };

/** Decides the size of an experiment: images, networks, steps. */
export interface Scale {
  readonly name: ScaleName;
  /** Returns the config of a run. Equal names mean equal trainings, so rows that share a name share a run. */
  scaled(run: PaperRun): ScaledRun;
  /** Holds lines about the size of the experiment for readers of its tables. */
  readonly notes: readonly string[];
}

/** Names the folders of datasets; `cityscapes` may be any folder of road scenes with coarse and fine labels. */
export interface DataRoots {
  readonly cityscapes?: string;
  readonly ade20k?: string;
}
