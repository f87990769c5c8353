/**
 * Reads and formats the lines of `metrics.jsonl`. A process or machine may die while a line is appended, so the last line
 * may be torn, with or without its newline, and is left out. Any other line that does not parse is damaged, and is
 * reported by number.
 */

import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors/index.js';
import { noticeOnce, parseJson } from '../files/index.js';
import { expectation, shown, valueAt } from '../registry/internal.js';
import {
  type EvaluationValues,
  type HeldOutValues,
  type MemoryValues,
  metricValues,
  type SamplingValues,
  type TimingValues,
  type TrainValues,
  type WeightValues,
} from './metric-values.js';
import type { PixelStatistics } from './pixel-statistics.js';
import { metricsFile } from './run-folder.js';

/** Maps each kind of line to the values that it holds. */
export interface MetricValues {
  /** Holds the losses of a logged step. */
  readonly train: TrainValues;
  /** Holds the memory that was taken since the last line of this kind. */
  readonly memory: MemoryValues;
  /** Holds which classes the training crops showed, for runs that balance them. */
  readonly sampling: SamplingValues;
  /** Holds the scores of an evaluation. */
  readonly val: EvaluationValues;
  /** Holds the reweighter's weight function at a step. */
  readonly weights: WeightValues;
  /** Holds loss, label noise and weight by confidence on some training images. */
  readonly statistics: PixelStatistics;
  /** Holds where the time went, for runs on stored features. */
  readonly timing: TimingValues;
  /** Holds the scores of points that are not learned from, for runs that stop by them. */
  readonly heldOut: HeldOutValues;
}

/** Names a kind of line in `metrics.jsonl`. */
export type MetricSplit = keyof MetricValues;

/** Describes a line of one kind, with its values checked. */
export interface MetricRecord<Split extends MetricSplit = MetricSplit> {
  /** Counts the training steps completed when the line was written. */
  readonly step: number;
  readonly split: Split;
  readonly values: MetricValues[Split];
}

/** Describes a line as the file has it, whose values are not checked yet. */
export interface MetricLine {
  /** Counts the training steps completed when the line was written. */
  readonly step: number;
  /** Names the kind of line; a later version may have kinds that this one does not know. */
  readonly split: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Limits the search for the last line to the end of the file; the longest lines have about 10 KB. */
const tailBytes = 65_536;

/** Returns a line's text, newline included. Numbers that JSON cannot hold (NaN, infinity) become null. */
export function formatMetricLine({ step, split, values }: MetricLine | MetricRecord): string {
  return `${JSON.stringify({ step, split, values })}\n`;
}

/**
 * Returns every whole line of a file, in order; none if there is no file. A torn last line is left out, with a notice when
 * its newline is there.
 * @throws {CheckpointError} naming the first other line that is damaged
 */
export function readMetricLines(path: string): MetricLine[] {
  if (!existsSync(path)) return [];
  return parseMetricLines(readFileSync(path, 'utf8'), { path }).lines;
}

/**
 * Parses the whole lines of a text; what follows the last newline is left out. The last of them may be torn, and is returned
 * as `torn`, its newline included.
 *
 * @param options.linesBefore the lines of the file before the text, which damaged lines are counted from
 * @throws {CheckpointError} naming the first other line that is damaged
 */
export function parseMetricLines(
  content: string,
  { path, linesBefore = 0 }: { readonly path: string; readonly linesBefore?: number },
): { readonly lines: MetricLine[]; readonly torn: string } {
  const texts = content.split('\n');
  texts.pop(); // nothing, or a line torn by a kill
  const lines: MetricLine[] = [];
  let torn = '';
  for (const [index, text] of texts.entries()) {
    const line = parseMetricLine(text);
    if (line !== null) {
      lines.push(line);
      continue;
    }
    const place = `${path}: line ${linesBefore + index + 1} is damaged`;
    const found = JSON.stringify(text.slice(0, 60));
    if (index < texts.length - 1) {
      throw new CheckpointError(`${place}: expected {"step", "split", "values"}, found ${found}`);
    }
    torn = `${text}\n`;
    noticeOnce(`torn line of ${path}`, `${place} and left out, as the last one may be torn: found ${found}`);
  }
  return { lines, torn };
}

/**
 * Returns the lines of one kind that a run has written, in order.
 * @throws {CheckpointError} naming the step and key of the first value that is not what such a line holds
 */
export function metricRecords<Split extends MetricSplit>(
  { folder, metrics }: { readonly folder: string; readonly metrics: readonly MetricLine[] },
  split: Split,
): MetricRecord<Split>[] {
  return metrics
    .filter((line) => line.split === split)
    .map(({ step, values }) => {
      const parsed = metricValues[split].safeParse(values);
      // TypeScript does not relate the schema of a generic split to its values.
      if (parsed.success) return { step, split, values: parsed.data as MetricValues[Split] };
      const [issue] = parsed.error.issues;
      const found =
        issue &&
        `${issue.path.join('.')}: ${expectation(issue)}, found ${shown(valueAt(values, issue.path))}`;
      throw new CheckpointError(
        `${join(folder, metricsFile)}: the ${split} line of step ${step} is damaged at ${found}`,
      );
    });
}

/** Returns the step of the last whole line in a run's folder, reading only the end of the file; null if there is none. */
export function lastMetricStep(folder: string): number | null {
  return lastMetricLines(folder).at(-1)?.step ?? null;
}

/** Returns the last lines in a run's folder, reading only the end of the file. */
export function lastMetricLines(folder: string): MetricLine[] {
  const text = readTail(join(folder, metricsFile), tailBytes);
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.map(parseMetricLine).filter((line) => line !== null);
}

/** Returns the last bytes of a file as text; empty when there is no file. */
function readTail(path: string, length: number): string {
  if (!existsSync(path)) return '';
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, length));
    const count = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, count);
  } finally {
    closeSync(descriptor);
  }
}

function parseMetricLine(text: string): MetricLine | null {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return null;
  }
  return isMetricLine(value) ? value : null;
}

function isMetricLine(value: unknown): value is MetricLine {
  if (typeof value !== 'object' || value === null) return false;
  const { step, split, values } = value as Partial<Record<keyof MetricLine, unknown>>;
  return (
    Number.isSafeInteger(step) &&
    typeof split === 'string' &&
    typeof values === 'object' &&
    values !== null &&
    !Array.isArray(values)
  );
}
