/** Draws the 2×2 of Fig. 2: four cells with measured numbers, each tinted by its share of its row. */

import { formatNumber, formatPercent } from '../format/index.js';
import type { Division, DivisionCell } from '../runs/index.js';
import { correctColor, lightColors, mislabeledColor } from './palette.js';
import { element, type Frame, fontSize, text } from './plot/svg.js';

/** Configures the drawing of a division; pairs are for the low and the high half. */
export interface DivisionDrawing {
  readonly frame: Frame;
  readonly title: string;
  readonly columns: readonly [string, string];
  /** Holds the paper's words for the pixels of each cell. */
  readonly paper: {
    readonly correct: readonly [string, string];
    readonly mislabeled: readonly [string, string];
  };
}

const rows = ['correct', 'mislabeled'] as const;
const halves = ['low', 'high'] as const;
const headHeight = 52;
const sideWidth = 26;

/** Draws one division into its frame. */
export function drawDivision(division: Division, { frame, title, columns, paper }: DivisionDrawing): string {
  const width = (frame.width - sideWidth) / 2;
  const height = (frame.height - headHeight) / 2;
  const left = frame.left + sideWidth;
  const top = frame.top + headHeight;
  const all = rows.flatMap((row) => halves.map((half) => division[row][half].pixels));
  const compared = all.reduce((sum, count) => sum + count, 0);
  const cells = rows.flatMap((row, down) => {
    const inRow = division[row].low.pixels + division[row].high.pixels;
    return halves.map((half, across) =>
      drawCell(division[row][half], {
        frame: { left: left + across * width, top: top + down * height, width, height },
        row,
        inRow,
        compared,
        paper: paper[row][across] as string,
      }),
    );
  });
  const rowNames = rows.map((row, down) =>
    text(row, {
      x: frame.left + 14,
      y: top + (down + 0.5) * height,
      anchor: 'middle',
      rotate: -90,
      weight: 600,
    }),
  );
  const columnNames = columns.map((column, across) =>
    text(column, { x: left + (across + 0.5) * width, y: top - 10, anchor: 'middle', weight: 600 }),
  );
  const median = `divided at the median, ${formatNumber(division.threshold, { digits: 3 })}`;
  const right = frame.left + frame.width;
  return element('g', { class: 'division' }, [
    text(title, { x: left, y: frame.top + 14, size: fontSize.heading, weight: 600 }),
    text(median, { x: right, y: frame.top + 14, anchor: 'end', color: lightColors.muted }),
    ...columnNames,
    ...rowNames,
    ...cells,
  ]);
}

interface CellDrawing {
  readonly frame: Frame;
  readonly row: (typeof rows)[number];
  /** Pixels in both cells of the row. */
  readonly inRow: number;
  /** Pixels in all four cells. */
  readonly compared: number;
  readonly paper: string;
}

function drawCell(
  { pixels, meanLoss, weightShare }: DivisionCell,
  { frame, row, inRow, compared, paper }: CellDrawing,
): string {
  const share = compared === 0 ? 0 : pixels / compared;
  const shareOfRow = inRow === 0 ? 0 : pixels / inRow;
  const relative = share === 0 ? null : weightShare / share;
  const factor = relative === null ? '' : ` (×${formatNumber(relative, { decimals: 2 })})`;
  const x = frame.left + 14;
  const headline = frame.top + 33;
  const line = (index: number) => frame.top + 53 + index * 17;
  return element('g', { class: 'cell' }, [
    element('rect', {
      x: frame.left + 2,
      y: frame.top + 2,
      width: frame.width - 4,
      height: frame.height - 4,
      rx: 6,
      fill: row === 'correct' ? correctColor : mislabeledColor,
      'fill-opacity': 0.03 + 0.22 * shareOfRow,
      stroke: lightColors.faint,
    }),
    text(percent(share), { x, y: headline, size: 22, weight: 600 }),
    text('of the pixels', {
      x: x + 14 + 12.6 * percent(share).length,
      y: headline,
      color: lightColors.muted,
    }),
    text(`${percent(shareOfRow)} of the ${row}`, { x, y: line(0) }),
    // Two digits, because the paper's word stands at the right of the same line.
    text(`mean loss ${formatNumber(meanLoss, { digits: 2 })}`, { x, y: line(1) }),
    text(`${percent(weightShare)} of the weight${factor}`, { x, y: line(2) }),
    text(`“${paper}”`, {
      x: frame.left + frame.width - 12,
      y: line(1),
      anchor: 'end',
      size: fontSize.small,
      color: lightColors.muted,
    }),
  ]);
}

function percent(fraction: number): string {
  return formatPercent(fraction, { sign: true });
}
