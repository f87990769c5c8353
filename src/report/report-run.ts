/** What the page knows of one run: plain data, so that every section is a pure function of it. */

import type { RunStatistics } from '../analysis/index.js';
import type { Profile } from '../runs/index.js';

export interface Series {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

export interface ReportedClass {
  readonly name: string;
  readonly color: readonly [number, number, number];
}

export interface ReportedEvaluation {
  readonly step: number;
  readonly aAcc: number | null;
  readonly mAcc: number | null;
  readonly mIoU: number | null;
  /** Null where the run didn't measure boundaries. */
  readonly boundaryF1: number | null;
  /** Band widths in pixels, narrowest first; none where the run didn't measure boundaries. */
  readonly trimapMIoU: readonly { readonly width: number; readonly mIoU: number | null }[];
  readonly perClass: readonly {
    readonly name: string;
    readonly iou: number | null;
    readonly accuracy: number | null;
  }[];
}

/** W(v̂) sampled at one moment of training: `weight[i]` is W at `confidence[i]`. */
export interface WeightFunction {
  readonly step: number;
  readonly confidence: readonly number[];
  readonly weight: readonly number[];
}

export interface ReportRun {
  /** Unique among the runs of a page. */
  readonly label: string;
  readonly folder: string;
  /** The config as plain data, as the run's config.yaml has it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The same as text. */
  readonly configText: string;
  /** Steps the config asks for, where it says. */
  readonly iterations: number | null;
  /** The last step that metrics.jsonl tells of. */
  readonly lastStep: number;
  readonly hasCheckpoint: boolean;
  /** The main head's mean loss before any weighting, which compares between runs. */
  readonly loss: Series;
  readonly evaluations: readonly ReportedEvaluation[];
  readonly weightFunctions: readonly WeightFunction[];
  /** Loss, label noise and weight by confidence over the run's time; null where training did not record them. */
  readonly statistics: RunStatistics | null;
  /** Where the time of its steps went; null where it was not profiled. */
  readonly profile: Profile | null;
  /** What the run's folder says of the command, machine and engine: name and value. */
  readonly environment: readonly (readonly [string, string])[];
}

/** One picture of the page, ready to embed. */
export interface Panel {
  readonly title: string;
  /** What a reader who can't see it should know. */
  readonly description: string;
  readonly source: string;
  /** A short figure below the title. */
  readonly note: string | null;
  /** Label maps keep hard edges when they are enlarged. */
  readonly kind: 'photo' | 'labels' | 'map';
}

export interface ExampleRow {
  /** Index of the run, or null for what all runs share: image, coarse label, fine label. */
  readonly run: number | null;
  readonly panels: readonly Panel[];
  /** Said in place of pictures that are missing. */
  readonly remark: string | null;
}

export interface Example {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly rows: readonly ExampleRow[];
}

/** The last evaluation, which is what the tables compare. */
export function finalEvaluation(run: ReportRun): ReportedEvaluation | null {
  return run.evaluations.at(-1) ?? null;
}

/** The color of a run, the same in every chart and table; the style sheet defines eight. */
export function runColor(index: number): string {
  return `--run-${(index % 8) + 1}`;
}

/** A fraction as per cent with two digits, or an en dash where there is none. */
export function percent(fraction: number | null | undefined): string {
  return fraction === null || fraction === undefined || Number.isNaN(fraction)
    ? '–'
    : (fraction * 100).toFixed(2);
}

/** A difference of fractions in percentage points, with its sign. */
export function points(
  fraction: number | null | undefined,
  reference: number | null | undefined,
): string | null {
  if (typeof fraction !== 'number' || typeof reference !== 'number') return null;
  const difference = (fraction - reference) * 100;
  if (Number.isNaN(difference)) return null;
  const digits = Math.abs(difference).toFixed(2);
  return digits === '0.00' ? '±0.00' : `${difference < 0 ? '−' : '+'}${digits}`;
}
