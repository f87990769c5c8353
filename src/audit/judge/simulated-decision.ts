/** Decides about a region as a person would who sees what it truly is. */

import { ignoreIndex } from '../../data/index.js';

/** Describes a region and what its pixels truly are. */
export interface RegionTruth {
  /** Counts the pixels of the region. */
  readonly pixels: number;
  readonly given: number;
  readonly suggested: number;
  /** Counts the pixels of each true class; pixels without one are in none. */
  readonly truth: Uint32Array;
}

/** Is a decision about a region, as a journal has it. */
export type SimulatedDecision =
  | { readonly action: 'accept' | 'keep' | 'unlabel' }
  | { readonly action: 'assign'; readonly class: number };

/**
 * Returns what a person decides: the suggestion, the given label or another class where most pixels of the region are of that
 * class, and no label where none is.
 */
export function decideRegion({ pixels, given, suggested, truth }: RegionTruth): SimulatedDecision {
  let best = 0;
  for (let index = 1; index < truth.length; index++)
    if ((truth[index] as number) > (truth[best] as number)) best = index;
  if (!((truth[best] as number) > pixels / 2)) return { action: 'unlabel' };
  if (best === suggested) return { action: 'accept' };
  if (best === given) return { action: 'keep' };
  return { action: 'assign', class: best };
}

/** Returns the class that a region has after a decision; `ignoreIndex` for none. */
export function decidedClass(
  decision: SimulatedDecision,
  { given, suggested }: Pick<RegionTruth, 'given' | 'suggested'>,
): number {
  switch (decision.action) {
    case 'accept':
      return suggested;
    case 'keep':
      return given;
    case 'assign':
      return decision.class;
    case 'unlabel':
      return ignoreIndex;
  }
}

/** Returns how many of a region's pixels have a true class, and how many of those have another than the given one. */
export function wrongPixels({ given, truth }: Pick<RegionTruth, 'given' | 'truth'>): {
  readonly judged: number;
  readonly wrong: number;
} {
  let judged = 0;
  for (const pixels of truth) judged += pixels;
  return { judged, wrong: judged - (truth[given] as number) };
}
