/** Turns strokes of a brush into outlines: a pixel belongs to them when its center lies under the brush. */

import { type Ring, traceRings } from '../../geometry/index.js';

/** Is a stroke of a round brush. */
export interface Stroke {
  /** Holds the way of its center: x0, y0, x1, y1, … in pixels of the image. */
  readonly points: readonly number[];
  /** Is its diameter in pixels of the image. */
  readonly size: number;
}

/** Returns the outlines of all pixels under the strokes, in pixels of an image of this size. */
export function strokeRings(
  strokes: readonly Stroke[],
  { width, height }: { readonly width: number; readonly height: number },
): Ring[] {
  const ids = new Int32Array(width * height).fill(-1);
  for (const { points, size } of strokes) {
    for (let index = 0; index + 1 < points.length; index += 2) {
      const from = Math.max(0, index - 2);
      const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = [
        points[from],
        points[from + 1],
        points[index],
        points[index + 1],
      ];
      paintLine(ids, { x0, y0, x1, y1, radius: size / 2, width, height });
    }
  }
  return traceRings(ids, { width, height }).map(({ ring }) => ring);
}

function paintLine(
  ids: Int32Array,
  line: Readonly<Record<'x0' | 'y0' | 'x1' | 'y1' | 'radius' | 'width' | 'height', number>>,
): void {
  const { x0, y0, x1, y1, radius, width, height } = line;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - radius));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(y0, y1) + radius));
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - radius));
  const right = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + radius));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
      const share = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
      const distance = (px - share * dx) ** 2 + (py - share * dy) ** 2;
      if (distance <= radius * radius) ids[y * width + x] = 0;
    }
  }
}
