/**
 * Paints polygons as the official label images were made: by Pillow's `ImageDraw.polygon`. Its polygons include the pixels
 * that the outline passes through, and so are up to one pixel larger on all sides than by the usual rule.
 */

import type { Size } from '../../images/size.js';

/** Holds a vertex in whole pixels; (0, 0) is the center of the first pixel. */
export type Vertex = readonly [x: number, y: number];

interface Edge {
  readonly x: number;
  readonly y: number;
  readonly top: number;
  readonly bottom: number;
  /** Gives columns per row. */
  readonly slope: number;
}

/**
 * Sets every pixel inside the closed polygon or on its outline to `value`, in an image [height, width]. Where the polygon
 * crosses itself, the even–odd rule applies; parts outside the image are cut off.
 *
 * This is the rule of Pillow up to version 8.2, with which Cityscapes was made. Later versions add a pixel to some acute
 * corners.
 */
export function fillPolygon(
  target: Uint8Array,
  { vertices, value, ...size }: Size & { readonly vertices: readonly Vertex[]; readonly value: number },
): void {
  const edges: Edge[] = [];
  let firstRow = size.height;
  let bottom = -1;
  for (const [place, [x, y]] of vertices.entries()) {
    const [nextX, nextY] = vertices[(place + 1) % vertices.length] as Vertex;
    if (y === nextY) {
      fillRow(target, { ...size, value, row: y, from: Math.min(x, nextX), to: Math.max(x, nextX) });
    } else {
      const slope = Math.fround((nextX - x) / (nextY - y));
      const edge = { x, y, top: Math.min(y, nextY), bottom: Math.max(y, nextY), slope };
      edges.push(edge);
      firstRow = Math.min(firstRow, Math.max(0, edge.top));
      bottom = Math.max(bottom, edge.bottom);
    }
  }
  for (let row = firstRow; row <= Math.min(size.height - 1, bottom); row++) {
    const crossings = crossingsOf(edges, { row, last: row === bottom });
    for (let place = 0; place + 1 < crossings.length; place += 2) {
      const from = Math.floor((crossings[place] as number) + 0.5);
      const to = Math.ceil((crossings[place + 1] as number) - 0.5);
      fillRow(target, { ...size, value, row, from, to });
    }
  }
}

/**
 * Returns the columns at which the outline crosses a row, ascending. An edge that ends in the row counts twice, so that
 * crossings stay paired when the next edge begins there; in the last row no edge begins.
 */
function crossingsOf(
  edges: readonly Edge[],
  { row, last }: { readonly row: number; readonly last: boolean },
): number[] {
  const crossings: number[] = [];
  for (const { x, y, top, bottom, slope } of edges) {
    if (row < top || row > bottom) continue;
    // Pillow computes in 32 bits, whose rounding decides to which pixel half a column belongs.
    const crossing = Math.fround(Math.fround((row - y) * slope) + x);
    crossings.push(crossing);
    if (row === bottom && !last) crossings.push(crossing);
  }
  return crossings.sort((a, b) => a - b);
}

function fillRow(
  target: Uint8Array,
  span: Size & { readonly value: number; readonly row: number; readonly from: number; readonly to: number },
): void {
  const { width, height, value, row, from, to } = span;
  if (row < 0 || row >= height) return;
  const start = Math.max(0, from);
  const end = Math.min(width, to + 1);
  if (start < end) target.fill(value, row * width + start, row * width + end);
}
