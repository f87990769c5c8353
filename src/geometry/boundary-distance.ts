/**
 * Measures how deep inside its region each pixel lies, for all regions at once, so that every outline can be moved
 * inward.
 */

import type { Size } from '../data/index.js';

// Exceeds any distance in an image, and its square is exact in float64.
const far = 2 ** 20;

/**
 * Returns the distance in pixels from each pixel's center to the nearest pixel that touches another region, plus one
 * half: 0.5 at a border. The image's edge is not a border, as a region continues behind the frame. The nearest pixel
 * that touches another region always belongs to the pixel's own region, so one transform serves all regions.
 */
export function boundaryDistance(ids: Int32Array, { width, height }: Size): Float32Array {
  const distance = columnDistance(ids, { width, height });
  const envelope = {
    squares: new Float64Array(width),
    apexes: new Int32Array(width),
    starts: new Float64Array(width + 1),
  };
  for (let y = 0; y < height; y++) transformRow(distance.subarray(y * width, (y + 1) * width), envelope);
  return distance;
}

/** Returns the distance of each pixel to the nearest border pixel in its column. */
function columnDistance(ids: Int32Array, { width, height }: Size): Float32Array {
  const distance = new Float32Array(width * height);
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const id = ids[pixel];
      const touches =
        (x > 0 && ids[pixel - 1] !== id) ||
        (x + 1 < width && ids[pixel + 1] !== id) ||
        (y > 0 && ids[pixel - width] !== id) ||
        (y + 1 < height && ids[pixel + width] !== id);
      if (touches) distance[pixel] = 0;
      else distance[pixel] = y === 0 ? far : Math.min(far, (distance[pixel - width] as number) + 1);
    }
  }
  for (let pixel = (height - 1) * width - 1; pixel >= 0; pixel--) {
    const below = (distance[pixel + width] as number) + 1;
    if (below < (distance[pixel] as number)) distance[pixel] = below;
  }
  return distance;
}

interface Envelope {
  readonly squares: Float64Array;
  readonly apexes: Int32Array;
  readonly starts: Float64Array;
}

/**
 * Turns the column distances of one row into distances in the plane, in place: the lower envelope of parabolas
 * (Felzenszwalb, Huttenlocher 2012).
 */
function transformRow(row: Float32Array, { squares, apexes, starts }: Envelope): void {
  const length = row.length;
  let top = -1;
  for (let x = 0; x < length; x++) {
    const distance = row[x] as number;
    squares[x] = distance * distance;
    // A column without a border has no parabola.
    if (distance >= far) continue;
    let start = -far;
    while (top >= 0) {
      const apex = apexes[top] as number;
      start = ((squares[x] as number) + x * x - (squares[apex] as number) - apex * apex) / (2 * (x - apex));
      if (start > (starts[top] as number)) break;
      top--;
      start = -far;
    }
    top++;
    apexes[top] = x;
    starts[top] = start;
  }
  if (top === -1) return;
  starts[top + 1] = far;
  for (let x = 0, current = 0; x < length; x++) {
    while ((starts[current + 1] as number) < x) current++;
    const apex = apexes[current] as number;
    row[x] = Math.sqrt((x - apex) * (x - apex) + (squares[apex] as number)) + 0.5;
  }
}
