/** Holds the image while it is painted: colors, and always together with them labels. */

import type { Point } from './camera.js';

/** Holds red, green and blue between 0 and 1; values above 1 are overexposed. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Returns a color with all its channels multiplied by a factor. */
export function scaled([red, green, blue]: Rgb, by: number): Rgb {
  return [red * by, green * by, blue * by];
}

/** Returns the color of a pixel of a shape, given its center in pixels, or null to leave what is behind. */
export type Shader = (x: number, y: number) => Rgb | null;

/** Paints shapes into an image and its labels. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  /** Holds colors [height, width, 3]. */
  readonly colors: Float32Array;
  /** Holds labels [height, width]. */
  readonly labels: Uint8Array;

  constructor({ width, height }: { readonly width: number; readonly height: number }) {
    this.width = width;
    this.height = height;
    this.colors = new Float32Array(3 * width * height);
    this.labels = new Uint8Array(width * height);
  }

  /** Paints one pixel; nothing happens outside the image. */
  paint(column: number, row: number, label: number, color: Rgb): void {
    if (column < 0 || row < 0 || column >= this.width || row >= this.height) return;
    const pixel = row * this.width + column;
    this.labels[pixel] = label;
    this.colors[3 * pixel] = color[0];
    this.colors[3 * pixel + 1] = color[1];
    this.colors[3 * pixel + 2] = color[2];
  }

  /** Paints the pixels whose centers lie in a box [left, right) × [top, bottom), in pixels. */
  box(
    [left, top, right, bottom]: readonly [number, number, number, number],
    { label, shade }: { readonly label: number; readonly shade: Shader },
  ): void {
    const lastRow = Math.min(this.height, Math.ceil(bottom - 0.5));
    const lastColumn = Math.min(this.width, Math.ceil(right - 0.5));
    for (let row = Math.max(0, Math.ceil(top - 0.5)); row < lastRow; row++) {
      for (let column = Math.max(0, Math.ceil(left - 0.5)); column < lastColumn; column++) {
        const color = shade(column + 0.5, row + 0.5);
        if (color !== null) this.paint(column, row, label, color);
      }
    }
  }

  /** Paints the pixels whose centers lie in a simple polygon, in pixels. */
  polygon(
    points: readonly Point[],
    { label, shade }: { readonly label: number; readonly shade: Shader },
  ): void {
    const rows = points.map(([, y]) => y);
    const last = Math.min(this.height, Math.ceil(Math.max(...rows) - 0.5));
    for (let row = Math.max(0, Math.ceil(Math.min(...rows) - 0.5)); row < last; row++) {
      const crossings = rowCrossings(points, row + 0.5);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const span = [crossings[i] as number, row, crossings[i + 1] as number, row + 1] as const;
        this.box(span, { label, shade });
      }
    }
  }
}

function rowCrossings(points: readonly Point[], y: number): number[] {
  const crossings: number[] = [];
  for (let i = 0; i < points.length; i++) {
    const [x0, y0] = points[i] as Point;
    const [x1, y1] = points[(i + 1) % points.length] as Point;
    if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
  }
  return crossings.sort((a, b) => a - b);
}
