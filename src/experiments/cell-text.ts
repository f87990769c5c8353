/** Writes the cells of tables as text: scores with their spread, differences with their sign, intervals. */

import { formatDifference, formatNumber } from '../format/index.js';
import type { Interval } from './interval.js';
import type { Summary } from './paired-difference.js';

/** Holds the cells of a table as text, for Markdown and the report. */
export interface TextTable {
  readonly heading: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Returns a score such as `71.94 ± 0.21`, or `–` when there is none yet. */
export function scoreText({ mean, deviation }: Summary): string {
  if (mean === null) return '–';
  if (Number.isNaN(mean)) return 'NaN';
  return withDeviation(formatNumber(mean, { decimals: 2 }), deviation);
}

/** Returns a difference such as `+1.61 ± 0.30`. */
export function differenceText({ mean, deviation }: Summary): string {
  if (mean === null) return '–';
  if (Number.isNaN(mean)) return 'NaN';
  return withDeviation(formatDifference(mean), deviation);
}

/** Returns an interval such as `−0.82 to +0.31`; `–` where there is none. */
export function intervalText(interval: Interval | null): string {
  if (interval === null) return '–';
  return `${formatDifference(interval.lower)} to ${formatDifference(interval.upper)}`;
}

/** Returns an interval of ratios such as `0.871 to 0.902`; `–` where there is none. */
export function ratioIntervalText(interval: Interval | null): string {
  if (interval === null) return '–';
  return `${formatNumber(interval.lower, { decimals: 3 })} to ${formatNumber(interval.upper, { decimals: 3 })}`;
}

/** Returns a table as lines of Markdown; the first `labelColumns` columns are set to the left, the others to the right. */
export function markdownTable(
  { heading, rows }: TextTable,
  { labelColumns }: { readonly labelColumns: number },
): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = heading.map((_, index) => (index < labelColumns ? '---' : '---:'));
  return [line(heading), line(rule), ...rows.map(line)];
}

function withDeviation(text: string, deviation: number | null): string {
  return deviation === null ? text : `${text} ± ${formatNumber(deviation, { decimals: 2 })}`;
}
