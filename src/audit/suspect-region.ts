/** Describes a region of labels that is probably wrong. */

/** Is one line of `regions.jsonl`, which is sorted by `expectedWrong`, largest first. */
export interface SuspectRegion {
  /** Identifies the region: it stays the same as long as the labels and the audit's settings do. */
  readonly id: string;
  readonly split: string;
  /** Names the image as its dataset does, without the split. */
  readonly image: string;
  /** Names the labels that were audited. */
  readonly labels: string;
  readonly width: number;
  readonly height: number;
  /** Holds the left and upper edge, the width and the height of the region, in pixels. */
  readonly box: readonly [left: number, top: number, width: number, height: number];
  /** Counts its pixels. */
  readonly pixels: number;
  /** Holds its pixels as COCO's compressed run lengths, of the whole image. */
  readonly runs: string;
  /** Names the class that the labels give it. */
  readonly given: string;
  /** Names the class that the network suggests. */
  readonly suggested: string;
  /** Is the sum over its pixels of the probability that the label is wrong. */
  readonly expectedWrong: number;
  /** Is the mean likelihood of the suggested class. */
  readonly confidence: number;
  /** Is the mean loss, −log of the likelihood of the given class. */
  readonly loss: number;
  /** Is the mean weight that reweighting gives these pixels; 1 is the mean over all labeled ones. */
  readonly weight: number;
  /** Is `edge` for a strip along the border of a label and `object` for a region that reaches into it. */
  readonly kind: 'edge' | 'object';
}
