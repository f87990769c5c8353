/** Draws the names of series or classes beside their marks, in as many lines as they need. */

import { element, text, textWidth } from './svg.js';

/** Names one series or class of a drawing. */
export interface LegendEntry {
  readonly label: string;
  readonly color: string;
  readonly mark: 'line' | 'dashed line' | 'box';
}

/** The room that a legend has: the baseline of its first line, and both ends of every line. */
export interface LegendRoom {
  readonly left: number;
  readonly right: number;
  readonly top: number;
}

const lineHeight = 18;
const markWidth = { line: 18, box: 12 } as const;
const gap = 6;
const space = 16;

/** Returns the markup and the baseline of the last line; without entries, the line above `top`. */
export function drawLegend(
  entries: readonly LegendEntry[],
  { left, right, top }: LegendRoom,
): { readonly marks: readonly string[]; readonly bottom: number } {
  let x = left;
  let y = top;
  const marks = entries.flatMap(({ label, color, mark }) => {
    const indent = gap + (mark === 'box' ? markWidth.box : markWidth.line);
    const width = indent + textWidth(label);
    if (x > left && x + width > right) {
      x = left;
      y += lineHeight;
    }
    const drawn = [drawMark(mark, { x, y, color }), text(label, { x: x + indent, y })];
    x += width + space;
    return drawn;
  });
  return { marks, bottom: entries.length === 0 ? top - lineHeight : y };
}

function drawMark(
  mark: LegendEntry['mark'],
  { x, y, color }: { readonly x: number; readonly y: number; readonly color: string },
): string {
  if (mark === 'box') {
    return element('rect', { x, y: y - 10, width: markWidth.box, height: markWidth.box, rx: 2, fill: color });
  }
  return element('line', {
    x1: x,
    x2: x + markWidth.line,
    y1: y - 4,
    y2: y - 4,
    stroke: color,
    'stroke-width': 2.5,
    'stroke-dasharray': mark === 'dashed line' ? '6 3' : undefined,
  });
}
