/**
 * Writes masks as run lengths, in the two forms of COCO: a list of counts, and the same as a short text. Pixels go down the
 * columns, and the first count is of pixels outside the mask
 * (https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c).
 */

import type { Size } from '../data/index.js';

/** Returns the run lengths of the pixels of a mask [height, width] that are not 0. */
export function maskRuns(mask: Uint8Array, { width, height }: Size): number[] {
  const runs: number[] = [];
  let inside = false;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let pixel = x; pixel < width * height; pixel += width) {
      if ((mask[pixel] !== 0) !== inside) {
        runs.push(run);
        inside = !inside;
        run = 0;
      }
      run++;
    }
  }
  runs.push(run);
  return runs;
}

/**
 * Calls `visit` with the place in reading order of each pixel of a mask that is written as run lengths, column by column.
 *
 * @throws {RangeError} when a run is not a whole number from 0, or the runs are not as long as the image
 */
export function visitRuns(
  runs: readonly number[],
  { width, height }: Size,
  visit: (pixel: number) => void,
): void {
  let total = 0;
  for (const run of runs) {
    if (!Number.isSafeInteger(run) || run < 0) throw new RangeError(`a run of ${run} pixels`);
    total += run;
  }
  if (total !== width * height) {
    throw new RangeError(`runs of ${total} pixels for an image of ${width}×${height}`);
  }
  let place = 0;
  for (const [index, run] of runs.entries()) {
    const end = place + run;
    if (index % 2 === 0) place = end;
    for (; place < end; place++) visit((place % height) * width + Math.floor(place / height));
  }
}

/** Returns the mask [height, width] of run lengths: 1 inside and 0 outside. Throws as `visitRuns` does. */
export function runsMask(runs: readonly number[], size: Size): Uint8Array {
  const mask = new Uint8Array(size.width * size.height);
  visitRuns(runs, size, (pixel) => {
    mask[pixel] = 1;
  });
  return mask;
}

const firstCode = 48;
const continues = 0x20;
const negative = 0x10;

/**
 * Writes run lengths as COCO's compressed text: from the fourth on the difference to the run two before, five bits a character.
 */
export function formatRuns(runs: readonly number[]): string {
  let text = '';
  for (const [index, run] of runs.entries()) {
    let value = index > 2 ? run - (runs[index - 2] as number) : run;
    for (let more = true; more; ) {
      const bits = value & 0x1f;
      value >>= 5;
      more = bits & negative ? value !== -1 : value !== 0;
      text += String.fromCharCode(firstCode + (more ? bits | continues : bits));
    }
  }
  return text;
}

/**
 * Reads what `formatRuns` writes.
 *
 * @throws {RangeError} when the text is not of that form
 */
export function parseRuns(text: string): number[] {
  const runs: number[] = [];
  for (let place = 0; place < text.length; ) {
    let value = 0;
    let shift = 0;
    for (let more = true; more; shift += 5) {
      const bits = text.charCodeAt(place++) - firstCode;
      if (!(bits >= 0 && bits < 64) || shift > 30)
        throw new RangeError(`no run at character ${place} of ${text.length}`);
      value |= (bits & 0x1f) << shift;
      more = (bits & continues) !== 0;
      if (!more && bits & negative && shift < 30) value |= -1 << (shift + 5);
    }
    runs.push(runs.length > 2 ? value + (runs[runs.length - 2] as number) : value);
  }
  return runs;
}
