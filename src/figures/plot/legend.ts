/** Draws the names of series or classes beside their marks, in as many lines as they need. */

import { element, text, textWidth } from './svg.js';

/** Holds the label, color and mark of one series or class. */
export interface LegendEntry {
  readonly label: string;
  readonly color: string;
  readonly mark: 'line' | 'dashed line' | 'box';
}

/** Bounds a legend, in pixels: `left` and `right` end every line, and `top` is the baseline of the first. */
export interface LegendRoom {
  readonly left: number;
  readonly right: number;
  readonly top: number;
}

const lineHeight = 18;
const markWidth = { line: 18, box: 12 } as const;
const gap = 6;
const space = 16;

/**
 * Draws the entries and returns their markup. `bottom` is the baseline of the last line in pixels; without entries it
 * is one line above `top`.
 */
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
