/** Counts what a label map covers. */

import { ignoreIndex } from '../../data/index.js';

/** Says what part of an image is labeled, and with which classes. */
export interface LabelShares {
  /** Is the share of the pixels with a label, in [0, 1]. */
  readonly coverage: number;
  /** Gives the share of all pixels for each class that occurs, by its index. */
  readonly shares: Readonly<Record<string, number>>;
}

/** Counts the labels of an image, of which 255 is none. */
export function labelShares(labels: Uint8Array): LabelShares {
  const counts = new Uint32Array(256);
  for (const label of labels) (counts[label] as number)++;
  const shares: Record<string, number> = {};
  for (const [index, count] of counts.entries()) {
    if (count > 0 && index !== ignoreIndex) shares[index] = count / labels.length;
  }
  return { coverage: 1 - (counts[ignoreIndex] as number) / labels.length, shares };
}
