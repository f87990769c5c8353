/** Keeps the regions that a method ranks first, in constant memory, and judges them. */

import type { FoundRegion } from '../find-regions.js';
import { type RegionTruth, wrongPixels } from './simulated-decision.js';

/** Holds the scores of the regions that a method ranks first. */
export interface RegionScores {
  /** Is the share of wrong regions among the first 50; NaN without regions. */
  readonly precisionAt50: number;
  /** Is the share of wrong regions among the first 100; NaN without regions. */
  readonly precisionAt100: number;
  /** Counts the pixels of the first 100 regions whose label is wrong. */
  readonly wrongIn100: number;
}

/** Counts the regions that are kept. */
const mostRegions = 100;

/** Holds the first regions of a ranking. */
export class TopRegions {
  readonly #kept: { readonly rank: number; readonly region: RegionTruth }[] = [];

  /**
   * Adds a region of an image with the exact labels of that image. Regions without a pixel that has an exact label cannot be
   * judged and are left out.
   *
   * @param rank is larger for regions that come first
   */
  add(
    { pixels, given, suggested }: Pick<FoundRegion, 'pixels' | 'given' | 'suggested'>,
    {
      rank,
      truth,
      classCount,
    }: { readonly rank: number; readonly truth: Uint8Array; readonly classCount: number },
  ): void {
    const last = this.#kept[mostRegions - 1];
    if (last !== undefined && rank <= last.rank) return;
    const counts = countClasses(pixels, { truth, classCount });
    const region = { pixels: pixels.length, given, suggested, truth: counts };
    if (wrongPixels(region).judged === 0) return;
    const place = this.#kept.findIndex((other) => other.rank < rank);
    this.#kept.splice(place === -1 ? this.#kept.length : place, 0, { rank, region });
    if (this.#kept.length > mostRegions) this.#kept.pop();
  }

  /** Returns the first regions, at most 100, best first. */
  get regions(): readonly RegionTruth[] {
    return this.#kept.map(({ region }) => region);
  }

  get scores(): RegionScores {
    const judged = this.regions.map(wrongPixels);
    const precision = (count: number) => {
      const first = judged.slice(0, count);
      return first.filter(({ wrong, judged: all }) => wrong >= all / 2).length / first.length;
    };
    return {
      precisionAt50: precision(50),
      precisionAt100: precision(mostRegions),
      wrongIn100: judged.reduce((sum, { wrong }) => sum + wrong, 0),
    };
  }
}

/** Counts the true classes of pixels; pixels without one are in none. */
export function countClasses(
  pixels: Iterable<number>,
  { truth, classCount }: { readonly truth: Uint8Array; readonly classCount: number },
): Uint32Array {
  const counts = new Uint32Array(classCount);
  for (const pixel of pixels) {
    const label = truth[pixel] as number;
    if (label < classCount) counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}
