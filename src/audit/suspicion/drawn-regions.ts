/**
 * Finds the regions of an image as they were drawn, pixels of one label that are connected, and measures how much networks deny
 * each of them. A network that denies most of a region often knows it badly, as in a dark image; only when it is sure that the
 * region is another class has all of it probably the wrong label.
 */

import { ignoreIndex, type Size } from '../../data/index.js';
import { connectedComponents } from '../../geometry/index.js';

/** Counts the pixels that a region needs to be judged as a whole. */
const leastPixels = 30;
/** Is the mean margin, of logarithms, at which a region is as probably wrong as a whole as it is badly known. */
const evenMargin = 3;
/** Sets how fast that changes with the margin. */
const steepness = 2;
/** Is the least share by which a region is taken as wrong as a whole. */
const leastShare = 0.15;

/** Holds the regions of an image that have at least 30 pixels. */
export interface DrawnRegions {
  readonly count: number;
  /** Holds the number of the region of each pixel; −1 where it has no label or its region is smaller. */
  readonly ids: Int32Array;
  /** Holds the class of each region. */
  readonly labels: Uint8Array;
  /** Counts the pixels of each region. */
  readonly areas: Int32Array;
}

/** Returns the regions of labels [height, width]. */
export function drawnRegions(labels: Uint8Array, size: Size): DrawnRegions {
  const found = connectedComponents(labels, { ...size, connectivity: 8, excluded: ignoreIndex });
  const kept = Array.from({ length: found.count }, (_, id) => id).filter(
    (id) => (found.areas[id] as number) >= leastPixels,
  );
  const places = new Int32Array(found.count).fill(-1);
  for (const [place, id] of kept.entries()) places[id] = place;
  return {
    count: kept.length,
    ids: found.ids.map((id) => (id < 0 ? -1 : (places[id] as number))),
    labels: Uint8Array.from(kept, (id) => found.values[id] as number),
    areas: Int32Array.from(kept, (id) => found.areas[id] as number),
  };
}

/** Holds what networks say of each region. */
export interface RegionJudgment {
  /** Holds the mean of one minus the likelihood of the given class. */
  readonly doubts: Float64Array;
  /** Holds the share, in [0.15, 1], by which the region is taken as wrong as a whole rather than as badly known. */
  readonly shares: Float64Array;
}

/** Adds up what networks say of the pixels of each region. */
export class RegionTally {
  readonly #regions: DrawnRegions;
  readonly #classCount: number;
  readonly #doubts: Float64Array;
  readonly #logs: Float64Array;

  constructor(regions: DrawnRegions, classCount: number) {
    this.#regions = regions;
    this.#classCount = classCount;
    this.#doubts = new Float64Array(regions.count);
    this.#logs = new Float64Array(regions.count * classCount);
  }

  /** Adds a pixel of a region: its doubt, and the mean logarithm of the likelihood of each class over the networks. */
  add(region: number, doubt: number, logs: Float64Array): void {
    this.#doubts[region] = (this.#doubts[region] as number) + doubt;
    const start = region * this.#classCount;
    for (let index = 0; index < this.#classCount; index++)
      this.#logs[start + index] = (this.#logs[start + index] as number) + (logs[index] as number);
  }

  get judgment(): RegionJudgment {
    const { areas, labels } = this.#regions;
    const classes = this.#classCount;
    return {
      doubts: this.#doubts.map((sum, region) => sum / (areas[region] as number)),
      shares: Float64Array.from(areas, (area, region) => {
        const start = region * classes;
        const given = labels[region] as number;
        let most = Number.NEGATIVE_INFINITY;
        for (let index = 0; index < classes; index++)
          if (index !== given) most = Math.max(most, this.#logs[start + index] as number);
        const margin = (most - (this.#logs[start + given] as number)) / area;
        return leastShare + (1 - leastShare) / (1 + Math.exp(-steepness * (margin - evenMargin)));
      }),
    };
  }
}
