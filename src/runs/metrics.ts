/**
 * The lines of `metrics.jsonl`. A process may die while it appends, so the last line may be torn: a line counts once
 * its newline is there. Any other line that does not parse is damage, and is reported by number.
 */
import { existsSync, readFileSync } from 'node:fs';
import { CheckpointError } from '../errors/index.js';

/**
 * 'train': one line per logged step; 'val': one per evaluation; 'weights': the weight function at a moment;
 * 'statistics': loss, label noise and weight by confidence on some training images.
 */
export type MetricSplit = 'train' | 'val' | 'weights' | 'statistics';

/** Numbers JSON cannot hold (NaN, ±infinity) are written as null. */
export type MetricValue =
  | number
  | string
  | boolean
  | null
  | readonly MetricValue[]
  | { readonly [name: string]: MetricValue };

export type MetricValues = Readonly<Record<string, MetricValue>>;

export interface MetricLine {
  /** Training steps completed when the line was written. */
  readonly step: number;
  readonly split: MetricSplit;
  readonly values: MetricValues;
}

const splits: readonly string[] = ['train', 'val', 'weights', 'statistics'] satisfies MetricSplit[];

/** The line's text, newline included. */
export function formatMetricLine({ step, split, values }: MetricLine): string {
  return `${JSON.stringify({ step, split, values })}\n`;
}

/** Every whole line of the file; none if there is no file. @throws CheckpointError naming the damaged line. */
export function readMetricLines(path: string): MetricLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop(); // what follows the last newline: nothing, or a line torn by a kill
  return lines.map((text, index) => {
    const line = parseMetricLine(text);
    if (line === null) {
      throw new CheckpointError(
        `${path}: line ${index + 1} is damaged: expected {"step", "split", "values"}, found ${JSON.stringify(text.slice(0, 60))}`,
      );
    }
    return line;
  });
}

function parseMetricLine(text: string): MetricLine | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
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
    splits.includes(split) &&
    typeof values === 'object' &&
    values !== null &&
    !Array.isArray(values)
  );
}
