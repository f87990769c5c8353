/** Writes the results of tables as Markdown: scores with their spread, those of the paper beside them, and its claims. */

import { formatNumber } from '../format/index.js';
import {
  differenceText,
  intervalText,
  markdownTable,
  ratioIntervalText,
  scoreText,
  type TextTable,
} from './cell-text.js';
import { claimTable, verdictCounts, verdictNotes } from './claim-text.js';
import { type Metric, tableLabel } from './experiment-table.js';
import type { RowLabeling, RowResult, TableResult } from './table-result.js';

/** Returns every cell of a table as text. The paper's columns are left out of a table that shows the costs of labeling. */
export function textTable({ columns, metrics, rows }: TableResult): TextTable {
  const labeling = rows[0]?.labeling ?? null;
  const shown = { metrics, paper: labeling === null, labeling: labeling !== null };
  return {
    heading: [
      ...columns,
      ...metrics,
      'Δ mIoU',
      '95 % interval',
      'seeds',
      ...(shown.labeling ? ['of fine', '95 % interval of it', 'hours'] : []),
      ...(shown.paper ? [...metrics.map((metric) => `paper ${metric}`), 'paper Δ'] : []),
    ],
    rows: rows.map((row) => rowText(row, shown)),
  };
}

interface Shown {
  readonly metrics: readonly Metric[];
  readonly paper: boolean;
  readonly labeling: boolean;
}

function rowText(row: RowResult, { metrics, paper }: Shown): string[] {
  return [
    ...row.cells,
    ...metrics.map((metric) => scoreText(row.scores[metric])),
    ...(row.difference === null
      ? ['', '']
      : [differenceText(row.difference), intervalText(row.difference.interval)]),
    String(row.scores.mIoU.count),
    ...(row.labeling === null ? [] : labelingText(row.labeling)),
    ...(paper ? paperText(row, metrics) : []),
  ];
}

function labelingText({ hours, ratio }: RowLabeling): string[] {
  return [
    ratio === null ? '1' : formatNumber(ratio.mean, { decimals: 3 }),
    ratio === null ? '' : ratioIntervalText(ratio.interval),
    formatNumber(hours, { decimals: 1 }),
  ];
}

function paperText({ paper, paperDifference }: RowResult, metrics: readonly Metric[]): string[] {
  return [
    ...metrics.map((metric) => figureText(paper?.[metric])),
    paperDifference === null ? '' : differenceText({ mean: paperDifference, deviation: null, count: 1 }),
  ];
}

function figureText(figure: number | null | undefined): string {
  return Number.isNaN(figure) ? 'NaN' : formatNumber(figure, { decimals: 2 });
}

const explanation =
  'Scores are in percent: the mean over seeds ± the sample standard deviation. Δ mIoU is the mean of the differences to\n' +
  'the base row, seed by seed, ± their own deviation; behind it is Student’s t interval of that mean.';

const paperExplanation = ' The columns “paper”\nare what the paper reports.';

function explanationOf(results: readonly TableResult[]): string {
  const hasPaper = results.some(({ rows }) => rows.some(({ labeling }) => labeling === null));
  return hasPaper ? explanation + paperExplanation : explanation;
}

/** Returns a table with its claims and remarks as Markdown; `notes` are those of the whole experiment. */
export function tableMarkdown(result: TableResult, notes: readonly string[]): string {
  return [
    ...tableSection(result, { level: 1 }),
    explanationOf([result]),
    '',
    ...(result.claims.length === 0 ? [] : verdictNotes.map((note) => `- ${note}`)),
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}

/** Returns several tables as one page: what became of the claims, then each table, then what holds for all of them. */
export function tablesMarkdown(
  results: readonly TableResult[],
  { title, notes }: { readonly title: string; readonly notes: readonly string[] },
): string {
  const claims = results.flatMap((result) => result.claims);
  return [
    `# ${title}`,
    '',
    ...(claims.length === 0
      ? []
      : [verdictCounts(claims), '', ...verdictNotes.map((note) => `- ${note}`), '']),
    explanationOf(results),
    '',
    ...results.flatMap((result) => tableSection(result, { level: 2 })),
    '## How it was run',
    '',
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}

function tableSection(result: TableResult, { level }: { readonly level: number }): string[] {
  const claims = claimTable(result.claims);
  const remarks = remarksOf(result);
  const mark = '#'.repeat(level);
  return [
    `${mark} ${tableLabel(result.name)}: ${result.title}`,
    '',
    ...markdownTable(textTable(result), { labelColumns: result.columns.length }),
    '',
    ...(claims === null ? [] : [...markdownTable(claims, { labelColumns: 1 }), '']),
    ...(remarks.length === 0 ? [] : [...remarks.map((remark) => `- ${remark}`), '']),
  ];
}

/** Returns the remarks of the table and its rows, each once. */
export function remarksOf({ rows, remarks }: TableResult): string[] {
  return [...new Set([...rows.flatMap((row) => row.remarks), ...remarks])];
}
