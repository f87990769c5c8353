/** Writes a table's results as Markdown: scores with their spread, and those of the paper beside them. */

import { formatDifference, formatNumber } from '../format/index.js';
import { type Metric, tableLabel } from './experiment-table.js';
import type { RowResult, Summary, TableResult } from './table-result.js';

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

function withDeviation(text: string, deviation: number | null): string {
  return deviation === null ? text : `${text} ± ${formatNumber(deviation, { decimals: 2 })}`;
}

/** Returns every cell of a table as text. */
export function textTable({ columns, metrics, rows }: TableResult): TextTable {
  return {
    heading: [
      ...columns,
      ...metrics,
      'Δ mIoU',
      'seeds',
      ...metrics.map((metric) => `paper ${metric}`),
      'paper Δ',
    ],
    rows: rows.map((row) => rowText(row, metrics)),
  };
}

function rowText(row: RowResult, metrics: readonly Metric[]): string[] {
  return [
    ...row.cells,
    ...metrics.map((metric) => scoreText(row.scores[metric])),
    row.difference === null ? '' : differenceText(row.difference),
    String(row.scores.mIoU.count),
    ...metrics.map((metric) => figureText(row.paper?.[metric])),
    row.paperDifference === null
      ? ''
      : differenceText({ mean: row.paperDifference, deviation: null, count: 1 }),
  ];
}

function figureText(figure: number | null | undefined): string {
  return Number.isNaN(figure) ? 'NaN' : formatNumber(figure, { decimals: 2 });
}

/** Returns a table with its remarks as Markdown; `notes` are those of the whole experiment. */
export function tableMarkdown(result: TableResult, notes: readonly string[]): string {
  const { heading, rows } = textTable(result);
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = heading.map((_, index) => (index < result.columns.length ? '---' : '---:'));
  return [
    `# ${tableLabel(result.name)}: ${result.title}`,
    '',
    line(heading),
    line(rule),
    ...rows.map(line),
    '',
    'Scores are in percent: the mean over seeds ± the sample standard deviation. Δ mIoU is the mean of the differences to',
    'the base row, seed by seed, ± their own deviation. The columns “paper” are what the paper reports.',
    '',
    ...[...remarksOf(result), ...notes].map((note) => `- ${note}`),
    '',
  ].join('\n');
}

/** Returns the remarks of the table and its rows, each once. */
export function remarksOf({ rows, remarks }: TableResult): string[] {
  return [...new Set([...rows.flatMap((row) => row.remarks), ...remarks])];
}
