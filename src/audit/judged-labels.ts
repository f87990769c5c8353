/** Leaves out labels that nothing can be said about. */

import { ignoreIndex, type Size } from '../data/index.js';

/** Holds labels [height, width] with 255 where they cannot be judged, and how many there were. */
export interface JudgedLabels {
  readonly labels: Uint8Array;
  readonly labeled: number;
  readonly unjudged: number;
}

/** Returns labels without those of classes that are not known; an image without labels has none. */
export function withoutUnjudged(
  labels: Uint8Array | null,
  { size: { width, height }, isKnown }: { readonly size: Size; readonly isKnown: (label: number) => boolean },
): JudgedLabels {
  if (labels === null)
    return { labels: new Uint8Array(width * height).fill(ignoreIndex), labeled: 0, unjudged: 0 };
  let [labeled, unjudged] = [0, 0];
  const judged = labels.map((label) => {
    if (label === ignoreIndex) return label;
    labeled++;
    if (isKnown(label)) return label;
    unjudged++;
    return ignoreIndex;
  });
  return { labels: judged, labeled, unjudged };
}
