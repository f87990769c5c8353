/** Joins suspected pixels of an image to regions that a person can decide about at once. */

import { ignoreIndex, type Size } from '../data/index.js';
import { boundaryDistance, connectedComponents } from '../geometry/index.js';
import type { PixelSuspicions } from './score-image.js';

/** Holds a connected region of pixels with one given and one suggested class. */
export interface FoundRegion {
  /** Holds the left and upper edge, the width and the height, in pixels. */
  readonly box: readonly [left: number, top: number, width: number, height: number];
  /** Lists its pixels in reading order. */
  readonly pixels: Uint32Array;
  readonly given: number;
  readonly suggested: number;
  /** Is the sum over its pixels of the probability that the label is wrong. */
  readonly expectedWrong: number;
  /** Is the mean likelihood of the suggested class. */
  readonly confidence: number;
  /** Is the mean loss. */
  readonly loss: number;
  readonly kind: 'edge' | 'object';
}

/** Configures `findRegions`. */
export interface FindRegionsOptions {
  readonly labels: Uint8Array;
  readonly size: Size;
  readonly classCount: number;
  /** Leaves out pixels whose label is less probably wrong; 0.5 by default. */
  readonly threshold?: number;
  /** Leaves out smaller regions, in pixels; 16 by default. */
  readonly leastPixels?: number;
}

/** Is the depth up to which all pixels of an edge region lie below the border of the label, in pixels. */
const edgeDepth = 4;

/**
 * Returns the connected regions of suspected pixels: those whose label is probably wrong, with the same label and the same
 * suggested class. The one with most expected wrong pixels comes first.
 */
export function findRegions(
  { wrong, suggested, confidence, losses }: PixelSuspicions,
  { labels, size, classCount, threshold = 0.5, leastPixels = 16 }: FindRegionsOptions,
): FoundRegion[] {
  const pairs = Int32Array.from(labels, (label, pixel) => {
    const other = suggested[pixel] as number;
    const isSuspected = label !== ignoreIndex && other !== label && (wrong[pixel] as number) >= threshold;
    return isSuspected ? label * classCount + other : -1;
  });
  const { ids, count, values, areas, boxes } = connectedComponents(pairs, { ...size, connectivity: 8 });
  // The label as it was drawn is one region; the depth of a pixel is its distance to the border of that.
  const drawn = connectedComponents(labels, { ...size, connectivity: 8, excluded: ignoreIndex });
  const depths = boundaryDistance(drawn.ids, size);
  const kept = Array.from({ length: count }, (_, id) => id).filter(
    (id) => (areas[id] as number) >= leastPixels,
  );
  const places = new Int32Array(count).fill(-1);
  for (const [place, id] of kept.entries()) places[id] = place;
  const sums = kept.map((id) => ({
    pixels: new Uint32Array(areas[id] as number),
    filled: 0,
    wrong: 0,
    confidence: 0,
    loss: 0,
    depth: 0,
  }));
  for (const [pixel, id] of ids.entries()) {
    const sum = id === -1 ? undefined : sums[places[id] as number];
    if (sum === undefined) continue;
    sum.pixels[sum.filled++] = pixel;
    sum.wrong += wrong[pixel] as number;
    sum.confidence += confidence[pixel] as number;
    sum.loss += losses[pixel] as number;
    sum.depth = Math.max(sum.depth, depths[pixel] as number);
  }
  const regions = sums.map((sum, place): FoundRegion => {
    const id = kept[place] as number;
    const [left = 0, top = 0, right = 0, bottom = 0] = boxes.subarray(4 * id, 4 * id + 4);
    const pair = values[id] as number;
    const { pixels } = sum;
    return {
      box: [left, top, right - left + 1, bottom - top + 1],
      pixels,
      given: Math.floor(pair / classCount),
      suggested: pair % classCount,
      expectedWrong: sum.wrong,
      confidence: sum.confidence / pixels.length,
      loss: sum.loss / pixels.length,
      kind: sum.depth <= edgeDepth ? 'edge' : 'object',
    };
  });
  return regions.toSorted((a, b) => b.expectedWrong - a.expectedWrong);
}
