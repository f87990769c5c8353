/** The 2×2 of Fig. 2 as a drawing: four cells with measured numbers, tinted by their share of their row. */

import type { Division, DivisionCell } from '../runs/index.js';
import { numberText, percentText } from './figure.js';
import type { Frame } from './plot/plot.js';
import { element, text } from './plot/svg.js';
import { fontSize, grid, muted, rightColor, wrongColor } from './plot/theme.js';

export interface DivisionDrawing {
  readonly frame: Frame;
  readonly title: string;
  /** Low and high. */
  readonly columns: readonly [string, string];
  /** What the paper calls the pixels of each cell, low and high. */
  readonly paper: {
    readonly correct: readonly [string, string];
    readonly mislabeled: readonly [string, string];
  };
}

const heading = 52;
const side = 26;

export function drawDivision(division: Division, { frame, title, columns, paper }: DivisionDrawing): string {
  const width = (frame.width - side) / 2;
  const height = (frame.height - heading) / 2;
  const rows = ['correct', 'mislabeled'] as const;
  const halves = ['low', 'high'] as const;
  const all = rows.flatMap((row) => halves.map((half) => division[row][half].pixels));
  const compared = all.reduce((sum, count) => sum + count, 0);
  const cells = rows.flatMap((row, down) => {
    const inRow = division[row].low.pixels + division[row].high.pixels;
    return halves.map((half, across) =>
      drawCell(division[row][half], {
        frame: {
          left: frame.left + side + across * width,
          top: frame.top + heading + down * height,
          width,
          height,
        },
        color: row === 'correct' ? rightColor : wrongColor,
        row,
        inRow,
        compared,
        paper: paper[row][across] as string,
      }),
    );
  });
  const names = rows.map((row, down) =>
    text(row, {
      x: frame.left + 14,
      y: frame.top + heading + (down + 0.5) * height,
      anchor: 'middle',
      rotate: -90,
      weight: 600,
    }),
  );
  const heads = columns.map((column, across) =>
    text(column, {
      x: frame.left + side + (across + 0.5) * width,
      y: frame.top + heading - 10,
      anchor: 'middle',
      weight: 600,
    }),
  );
  const note = `divided at the median, ${numberText(division.threshold).replace('-', '−')}`;
  return element('g', { class: 'division' }, [
    text(title, { x: frame.left + side, y: frame.top + 14, size: fontSize.heading, weight: 600 }),
    text(note, { x: frame.left + frame.width, y: frame.top + 14, anchor: 'end', color: muted }),
    ...heads,
    ...names,
    ...cells,
  ]);
}

interface CellDrawing {
  readonly frame: Frame;
  readonly color: string;
  readonly row: string;
  /** Pixels in both cells of the row. */
  readonly inRow: number;
  readonly compared: number;
  readonly paper: string;
}

function drawCell(
  { pixels, meanLoss, weightShare }: DivisionCell,
  { frame, color, row, inRow, compared, paper }: CellDrawing,
): string {
  const share = compared === 0 ? 0 : pixels / compared;
  const ofRow = inRow === 0 ? 0 : pixels / inRow;
  const relative = share === 0 ? null : weightShare / share;
  const x = frame.left + 14;
  const line = (index: number) => frame.top + 53 + index * 17;
  return element('g', { class: 'cell' }, [
    element('rect', {
      x: frame.left + 2,
      y: frame.top + 2,
      width: frame.width - 4,
      height: frame.height - 4,
      rx: 6,
      fill: color,
      'fill-opacity': 0.03 + 0.22 * ofRow,
      stroke: grid,
    }),
    text(percentText(share), { x, y: frame.top + 33, size: 22, weight: 600 }),
    text('of the pixels', { x: x + 10 + 12.6 * percentText(share).length, y: frame.top + 33, color: muted }),
    text(`${percentText(ofRow)} of the ${row}`, { x, y: line(0) }),
    // Two digits: the paper's word stands at the right of the same line.
    text(`mean loss ${numberText(meanLoss, { digits: 2 })}`, { x, y: line(1) }),
    text(
      `${percentText(weightShare)} of the weight${relative === null ? '' : ` (×${relative.toFixed(2)})`}`,
      {
        x,
        y: line(2),
      },
    ),
    text(`“${paper}”`, {
      x: frame.left + frame.width - 12,
      y: line(1),
      anchor: 'end',
      size: fontSize.small,
      color: muted,
    }),
  ]);
}
