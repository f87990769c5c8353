/** How large an experiment is: from a described run to the config that runs it, or to the reason why it cannot. */

import type { RecipeConfig } from '../config/index.js';
import type { PaperRun } from '../recipes/internal.js';

export type ScaleName = 'small' | 'paper';

/** A run as a scale has it; `missing` says in one line what the scale would need. */
export type ScaledRun =
  | { readonly name: string; readonly config: RecipeConfig }
  | { readonly missing: string };

export interface Scale {
  readonly name: ScaleName;
  /** The same name means the same training: rows that share it share a run. */
  scaled(run: PaperRun): ScaledRun;
  /** What a reader of the tables must know about the size of this experiment, a line each. */
  readonly notes: readonly string[];
}

/** Folders of datasets, as the person named them; one without a name is the road scenes with coarse and fine labels. */
export interface DataRoots {
  readonly cityscapes?: string;
  readonly ade20k?: string;
}
