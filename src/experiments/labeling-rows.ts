/** Writes a table with costs of labeling as rows for programs: what was labeled, the recipe, the score, the hours. */

import type { Interval } from './interval.js';
import { labelSeconds } from './labeling.js';
import type { ExperimentMode } from './scale.js';
import type { RowLabeling, RowResult, TableResult } from './table-result.js';

/** Holds the ends of an interval. */
type Ends = readonly [lower: number, upper: number];

/** Holds a row of `coarse-to-fine.json`. */
interface LabelingRow {
  readonly mode: ExperimentMode;
  readonly trainingLabels: string;
  readonly recipe: string;
  readonly seeds: number;
  /** Gives the mean over seeds in per cent; NaN where one diverged. */
  readonly mIoU: number | null;
  readonly mIoUInterval: Ends | null;
  /** Gives the mean over seeds of mIoU over that on fine labels; 1 for the row on fine labels itself. */
  readonly ratioToFine: number | null;
  /** Is the 95 % interval of `ratioToFine`, by Student's t over paired seeds. */
  readonly interval: Ends | null;
  /** Gives the hours of labeling. */
  readonly hours: number | null;
}

/** Holds the content of `coarse-to-fine.json`, but for its notes. */
export interface LabelingRows {
  readonly title: string;
  /** Gives the seconds that a person needs for the coarse or fine labels of an image, and for a point. */
  readonly secondsOfLabeling: typeof labelSeconds;
  readonly rows: readonly LabelingRow[];
}

/** Returns the rows of a table that have a score, with their costs; null for a table without costs. */
export function labelingRows({ title, rows }: TableResult, mode: ExperimentMode): LabelingRows | null {
  if (rows.every(({ labeling }) => labeling === null)) return null;
  const scored = rows.filter(({ scores }) => scores.mIoU.count > 0);
  return {
    title,
    secondsOfLabeling: labelSeconds,
    rows: scored.flatMap((row) =>
      row.labeling === null ? [] : [labelingRow(row, { labeling: row.labeling, mode })],
    ),
  };
}

function labelingRow(
  { cells, scores }: RowResult,
  { labeling, mode }: { readonly labeling: RowLabeling; readonly mode: ExperimentMode },
): LabelingRow {
  const [trainingLabels = '', recipe = ''] = cells;
  const { hours, scoreInterval, ratio } = labeling;
  const { mean, count } = scores.mIoU;
  return {
    mode,
    trainingLabels,
    recipe,
    seeds: count,
    mIoU: rounded(mean),
    mIoUInterval: endsOf(scoreInterval),
    ratioToFine: ratio === null ? 1 : rounded(ratio.mean),
    interval: endsOf(ratio?.interval ?? null),
    hours: rounded(hours),
  };
}

function endsOf(interval: Interval | null): Ends | null {
  return interval === null ? null : [rounded(interval.lower) as number, rounded(interval.upper) as number];
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toFixed(4));
}
