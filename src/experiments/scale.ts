/** Defines scales: a scale turns the description of a run into the config that trains it at some size. */

import type { RecipeConfig } from '../config/index.js';
import { needsQuick, type PaperRun } from '../recipes/internal.js';
import type { LabelCounts } from './labeling.js';
import type { SimulatedPoints } from './simulated-points.js';

/** Names a scale on the command line. */
export type ScaleName = 'small' | 'paper';

/**
 * Names how runs train: the whole network as the scale says, a small head on frozen features, or the whole of a small
 * network from ImageNet weights.
 */
export type ExperimentMode = 'full' | 'quick' | 'pretrained';

const modeTitles: Readonly<Record<ExperimentMode, string>> = {
  full: '',
  quick: ', quick mode',
  pretrained: ', full training from ImageNet weights',
};

/** Returns what a title says about a mode: `, quick mode`. */
export function modeTitle(mode: ExperimentMode): string {
  return modeTitles[mode];
}

/** Is a run that a scale cannot train. */
export interface MissingRun {
  /** Says in one line what the scale would need, or why the run has no meaning there. */
  readonly missing: string;
  /** Names the rows that this holds for, such as `rows of ade20k`. */
  readonly rows: string;
}

/** Holds a run at a scale, or why there is none. */
export type ScaledRun =
  | {
      readonly name: string;
      readonly config: RecipeConfig;
      /** Says which points the run needs, where it learns from some. */
      readonly simulatedPoints?: SimulatedPoints | undefined;
    }
  | MissingRun;

/** Turns descriptions of runs into configs of one size. */
export interface Scale {
  readonly name: ScaleName;
  readonly mode: ExperimentMode;
  /** Returns the run at this scale. Rows whose runs have the same name share a training. */
  scaled(run: PaperRun): ScaledRun;
  /** Counts what a person must label for a run; null where the scale does not know the size of its dataset. */
  labels(run: PaperRun): LabelCounts | null;
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

/** Returns a scale of full training without the runs that only quick training can do. */
export function withoutQuickRuns(scale: Scale): Scale {
  return {
    ...scale,
    scaled: (run) =>
      needsQuick(run.method)
        ? {
            missing: 'their labels are filled in rounds of quick training: use --mode quick',
            rows: 'rows of the recipe coarse',
          }
        : scale.scaled(run),
  };
}
