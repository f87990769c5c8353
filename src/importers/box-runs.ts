/**
 * Reads and writes masks as CVAT does: the run lengths of the pixels of a box, row by row, of which the first counts pixels
 * outside the mask (https://docs.cvat.ai/docs/manual/advanced/xml_format/).
 */

import type { Size } from '../data/index.js';
import { mostPixelsInMemory } from '../data/internal.js';

/**
 * Returns the mask [height, width] of run lengths that are written as text, `3, 5, 7`: 1 inside and 0 outside.
 *
 * @throws {RangeError} when the box has no sound size, or the text is no list of runs that fill it
 */
export function parseBoxRuns(text: string, { width, height }: Size): Uint8Array {
  const pixels = width * height;
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0)) {
    throw new RangeError(`a box of ${width}×${height} pixels`);
  }
  if (pixels > mostPixelsInMemory) {
    throw new RangeError(`a box of ${width}×${height} pixels, more than ${mostPixelsInMemory}`);
  }
  const mask = new Uint8Array(pixels);
  let place = 0;
  let inside = 0;
  for (const word of text.split(',')) {
    const run = /^\s*\d{1,9}\s*$/.test(word) ? Number(word) : Number.NaN;
    if (Number.isNaN(run))
      throw new RangeError(`'${word.trim().slice(0, 20)}' where a run length is expected`);
    if (place + run > pixels) {
      throw new RangeError(`runs of more than the ${pixels} pixels of the box of ${width}×${height}`);
    }
    if (inside === 1) mask.fill(1, place, place + run);
    place += run;
    inside = 1 - inside;
  }
  if (place !== pixels) {
    throw new RangeError(`runs of ${place} pixels for a box of ${width}×${height}, ${pixels} pixels`);
  }
  return mask;
}

/** Writes the mask of a box [height, width] as text that `parseBoxRuns` reads. */
export function formatBoxRuns(mask: Uint8Array): string {
  const runs: number[] = [];
  let run = 0;
  let inside = false;
  for (const value of mask) {
    if ((value !== 0) !== inside) {
      runs.push(run);
      run = 0;
      inside = !inside;
    }
    run++;
  }
  runs.push(run);
  return runs.join(', ');
}
