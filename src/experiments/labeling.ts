/** Counts what a person must label for a run, and the hours that it takes. */

/** Counts what a person labels. */
export interface LabelCounts {
  /** Counts images with coarse labels. */
  readonly coarse: number;
  /** Counts images with fine labels. */
  readonly fine: number;
  /** Counts single pixels. */
  readonly points: number;
}

/** Holds what labels cost, in seconds each. */
export const labelSeconds = {
  /** Is the paper's figure for an image of Cityscapes Coarse. */
  coarse: 7 * 60,
  /** Is the paper's figure for an image of Cityscapes Fine. */
  fine: 90 * 60,
  point: 2,
} as const;

/** Returns the hours of labeling. */
export function labelingHours({ coarse, fine, points }: LabelCounts): number {
  return (coarse * labelSeconds.coarse + fine * labelSeconds.fine + points * labelSeconds.point) / 3600;
}

/** Tells the costs in a sentence. */
export const labelingNote =
  `Hours of labeling: ${labelSeconds.coarse / 60} minutes for the coarse labels of an image, ` +
  `${labelSeconds.fine / 60} minutes for fine ones, ${labelSeconds.point} seconds for a point.`;
