/** Writes how good an audit is: as a table for a terminal, as Markdown, and as rows of JSON. */

import { formatCount, formatNumber, formatPercent, formatTable } from '../../format/index.js';
import type { InjectedRecord } from './errors-dataset.js';
import type { Judgment, MethodScores } from './judge.js';

/** Is a row of `judge.json`: the scores of a method on a dataset; null where there is no such number. */
export interface JudgmentRow extends JudgedPlace {
  readonly method: string;
  readonly auprc: number | null;
  readonly baseRate: number | null;
  readonly precisionAt50: number | null;
  readonly precisionAt100: number | null;
  readonly recallAtOnePercent: number | null;
  readonly foundIn100: number | null;
  readonly imageCorrelation: number | null;
  readonly mIoUPer100Decisions: number | null;
}

/** Names what was judged. */
export interface JudgedPlace {
  readonly data: string;
  readonly split: string;
  readonly labels: string;
  readonly truth: string;
  /** Describes the errors that were put into the labels; null for labels as they are. */
  readonly injected: InjectedRecord | null;
  /** Is the seed of the audit. */
  readonly seed: number;
}

/** Returns a row for each method. */
export function judgmentRows({ methods }: Judgment, place: JudgedPlace): JudgmentRow[] {
  return methods.map(({ method, ...scores }) => ({
    ...place,
    method,
    auprc: known(scores.auprc),
    baseRate: known(scores.baseRate),
    precisionAt50: known(scores.precisionAt50),
    precisionAt100: known(scores.precisionAt100),
    recallAtOnePercent: known(scores.recallAtOnePercent),
    foundIn100: known(scores.foundIn100),
    imageCorrelation: known(scores.imageCorrelation),
    mIoUPer100Decisions: known(scores.mIoUPer100Decisions),
  }));
}

const columns = [
  'method',
  'AUPRC',
  'precision@50',
  'precision@100',
  'recall at 1 %',
  'found in 100',
  'images',
  'mIoU per 100',
] as const;

function cellsOf(scores: MethodScores): string[] {
  const decimal = (value: number | null) => formatNumber(known(value), { decimals: 3 });
  const percent = (value: number | null) => formatPercent(known(value), { decimals: 1, sign: true });
  const gain = known(scores.mIoUPer100Decisions);
  return [
    scores.title,
    decimal(scores.auprc),
    formatNumber(known(scores.precisionAt50), { decimals: 2 }),
    formatNumber(known(scores.precisionAt100), { decimals: 2 }),
    percent(scores.recallAtOnePercent),
    percent(scores.foundIn100),
    formatNumber(known(scores.imageCorrelation), { decimals: 2 }),
    gain === null ? formatPercent(null) : `${gain > 0 ? '+' : ''}${formatPercent(gain, { decimals: 2 })}`,
  ];
}

/** Returns lines for a terminal: what was judged, and a table with a line for each method. */
export function formatJudgment(judgment: Judgment, place: JudgedPlace): string {
  return `${summaryOf(judgment, place)}\n\n${formatTable([[...columns], ...judgment.methods.map(cellsOf)])}`;
}

/** Returns the same as a page of Markdown that says what each column means. */
export function judgmentMarkdown(judgment: Judgment, place: JudgedPlace): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const table = [
    line(columns),
    line(columns.map(() => '---')),
    ...judgment.methods.map((scores) => line(cellsOf(scores))),
  ];
  return `# How good the audit is\n\n${summaryOf(judgment, place)}\n\n${table.join('\n')}\n\n${legend}`;
}

function summaryOf(
  { images, pixels, baseRate, labelMIoU }: Judgment,
  { data, split, labels, truth }: JudgedPlace,
): string {
  const wrong = formatPercent(baseRate, { decimals: 2, sign: true });
  return (
    `${data}, ${split}: ${labels} labels judged by ${truth} on ${formatCount(pixels)} pixels of ${formatCount(images)} images. ` +
    `${wrong} of them are wrong, which is the AUPRC of a random order; mIoU of the labels ${formatPercent(labelMIoU)}.`
  );
}

const legend = `- AUPRC: average precision of the ranking of all labeled pixels.
- precision@50, precision@100: share of the first 50 or 100 regions of whose pixels at least half are wrong.
- recall at 1 %: share of the wrong pixels among the first hundredth of all.
- found in 100: share of the wrong pixels that lie in the first 100 regions.
- images: Spearman's correlation between the score of an image and its share of wrong pixels.
- mIoU per 100: by how many points the mIoU of the labels grows with 100 decisions of a person who sees the exact labels.
`;

function known(value: number | null): number | null {
  return value === null || Number.isNaN(value) ? null : value;
}
