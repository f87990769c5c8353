/** Describes the result of an audit, as `audit.json` holds it. */

import type { DatasetClass } from '../data/index.js';

/** Holds what an audit found in a dataset. */
export interface Audit {
  readonly version: 1;
  /** Names the folder of the dataset. */
  readonly root: string;
  readonly split: string;
  /** Names the labels that were audited. */
  readonly labels: string;
  /** Counts the folds of images; null where the network of a run judged. */
  readonly folds: number | null;
  /** Names the run whose network judged; null where folds did. */
  readonly run: string | null;
  readonly classes: readonly DatasetClass[];
  readonly assumptions: readonly string[];
  readonly labeledPixels: number;
  /** Counts the labeled pixels whose class no network learned from other images. */
  readonly unjudgedPixels: number;
  /** Counts the regions, and the pixels in them. */
  readonly regions: number;
  readonly suspectedPixels: number;
  /** Is the sum over these of the probability that the label is wrong. */
  readonly expectedWrongPixels: number;
  /** Holds the expected wrong pixels [given][suggested], in the order of the classes. */
  readonly swaps: readonly (readonly number[])[];
  /** Says which share of the suspected pixels the first regions hold. */
  readonly coverage: readonly {
    readonly regions: number;
    readonly pixels: number;
    /** Is the share of `pixels` of all suspected pixels, in [0, 1]. */
    readonly share: number;
  }[];
  /** Lists the images, those with the highest score first. */
  readonly images: readonly AuditedImageSummary[];
}

/** Says how many labels of an image are probably wrong. */
export interface AuditedImageSummary {
  readonly split: string;
  readonly image: string;
  readonly labeledPixels: number;
  readonly regions: number;
  readonly suspectedPixels: number;
  readonly expectedWrongPixels: number;
  /** Is the share of the expected wrong pixels of the labeled ones, in [0, 1]. */
  readonly score: number;
}
