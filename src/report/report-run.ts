/** Describes the content of a report as plain data, from which every section is made. */

import type { RunStatistics } from '../analysis/index.js';
import { seriesPlace } from '../figures/internal.js';
import { formatDifference, formatPercent } from '../format/index.js';
import type { Profile } from '../runs/index.js';
import type { QuickRun } from './quick-run.js';

/** Holds one number at several steps; both lists have one length. */
export interface Series {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** Names a class and its color as red, green and blue. */
export interface ReportedClass {
  readonly name: string;
  readonly color: readonly [number, number, number];
}

/** Holds the scores of one evaluation as fractions; null where a score is not defined. */
export interface ReportedEvaluation {
  readonly step: number;
  readonly aAcc: number | null;
  readonly mAcc: number | null;
  readonly mIoU: number | null;
  /** Null where the run did not measure boundaries. */
  readonly boundaryF1: number | null;
  /** Scores by width of the band in pixels, narrowest first; empty where the run did not measure boundaries. */
  readonly trimapMIoU: readonly { readonly width: number; readonly mIoU: number | null }[];
  readonly perClass: readonly {
    readonly name: string;
    readonly iou: number | null;
    readonly accuracy: number | null;
  }[];
}

/** Samples W(v̂) at one moment of training: `weight[i]` is W at `confidence[i]`. */
export interface WeightFunction {
  readonly step: number;
  readonly confidence: readonly number[];
  readonly weight: readonly number[];
  /** Holds W at the same confidences by agreement; empty where W depends on confidence alone. */
  readonly byAgreement: readonly { readonly agreement: number; readonly weight: readonly number[] }[];
}

/** Holds everything that a report shows of one run. */
export interface ReportRun {
  /** Unique among the runs of a page. */
  readonly label: string;
  readonly folder: string;
  /** Holds the keys of the run's config.yaml. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Holds the text of the run's config.yaml. */
  readonly configText: string;
  /** Gives the number of steps that the config sets; null where it sets none. */
  readonly iterations: number | null;
  /** Gives the step of the last line of metrics.jsonl. */
  readonly lastStep: number;
  readonly hasCheckpoint: boolean;
  /** Holds the main head's mean loss before any weighting, which can be compared between runs. */
  readonly loss: Series;
  readonly evaluations: readonly ReportedEvaluation[];
  readonly weightFunctions: readonly WeightFunction[];
  /** Loss, label noise and weight by confidence over the training; null where it did not record them. */
  readonly statistics: RunStatistics | null;
  /** Says what distinguishes a quick run; null where the network itself was trained. */
  readonly quick: QuickRun | null;
  /** Time and memory of training steps; null where the run was not profiled. */
  readonly profile: Profile | null;
  /** Names and values that describe the command, machine and engine of the run. */
  readonly environment: readonly (readonly [string, string])[];
}

/** Holds one picture of the page, ready to embed. */
export interface Panel {
  readonly title: string;
  /** Says in words what the picture shows, for readers who cannot see it. */
  readonly description: string;
  /** A data URI. */
  readonly source: string;
  /** A short remark beside the title. */
  readonly note: string | null;
  /** Label maps keep hard edges when they are enlarged. */
  readonly kind: 'photo' | 'labels' | 'map';
}

/** Holds the pictures of one example that belong to one run, or to all. */
export interface ExampleRow {
  /** Index of the run; null for image and labels, which all runs share. */
  readonly run: number | null;
  readonly panels: readonly Panel[];
  /** Explains pictures that are missing. */
  readonly remark: string | null;
}

/** Holds one example image, its size in pixels. */
export interface Example {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly rows: readonly ExampleRow[];
}

/** Returns the last evaluation, which is the one that tables compare; null before the first. */
export function finalEvaluation(run: ReportRun): ReportedEvaluation | null {
  return run.evaluations.at(-1) ?? null;
}

/** Returns the CSS variable with the color of run `index`, the same in every chart and table. */
export function runColor(index: number): string {
  return `--series-${seriesPlace(index) + 1}`;
}

type Fraction = number | null | undefined;

/** Writes a score as a percentage with two digits, without its sign. */
export function scoreText(fraction: Fraction): string {
  return formatPercent(fraction, { decimals: 2 });
}

/** Writes the difference of two scores in percentage points with its sign; null where one of them is missing. */
export function scoreDifference(fraction: Fraction, reference: Fraction): string | null {
  if (typeof fraction !== 'number' || typeof reference !== 'number') return null;
  const difference = (fraction - reference) * 100;
  return Number.isNaN(difference) ? null : formatDifference(difference);
}
