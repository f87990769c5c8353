/** Says of each labeled pixel of an image how probable it is that its label is wrong, and which class it has instead. */

import { ignoreIndex, type Size } from '../data/index.js';
import type { CandidateGrid } from '../suggest/index.js';
import type { AuditKnowledge } from './knowledge.js';
import { leastLikelihood } from './weight-curve.js';

/** Holds what an audit knows of an image. Classes are those of the dataset. */
export interface AuditedImage extends Size {
  /** Holds the pixels [height, width, channels] from 0 to 255. */
  readonly image: Uint8Array;
  /** Holds the labels [height, width]: class indices, and 255 where there is none. */
  readonly labels: Uint8Array;
  readonly classCount: number;
  /** Holds the grid of cells that likelihoods are of. */
  readonly grid: CandidateGrid;
  /** Holds likelihoods [rows, columns, classes] by networks that did not learn from this image; each cell sums to 1. */
  readonly likelihoods: Float32Array;
  /** Holds the same by networks that did learn from it; null where there are none. */
  readonly inSample: Float32Array | null;
  /** Holds what is common in the dataset. */
  readonly knowledge: AuditKnowledge;
}

/** Holds what an audit says of the pixels of an image, each [height, width], and 0 where there is no label. */
export interface PixelSuspicions {
  /** Holds the probability that the label is wrong, in [0, 1]. */
  readonly wrong: Float32Array;
  /** Holds the most likely class. It is the given one where nothing is suspected. */
  readonly suggested: Uint8Array;
  /** Holds the likelihood of the suggested class. */
  readonly confidence: Float32Array;
  /** Holds the loss, −log of the likelihood of the given class. */
  readonly losses: Float32Array;
}

/** Changes with every change of what is scored, so that scores of two versions are never mixed in one audit. */
export const scoringVersion = 1;

/**
 * Scores the labeled pixels of an image.
 *
 * @throws {RangeError} when an array has another size than the image or its grid
 */
export function scoreImage(audited: AuditedImage): PixelSuspicions {
  expectSizes(audited);
  const { width, height, labels, classCount, likelihoods, grid } = audited;
  const { rows, columns } = grid;
  const wrong = new Float32Array(width * height);
  const suggested = new Uint8Array(width * height);
  const confidence = new Float32Array(width * height);
  const losses = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height);
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      const label = labels[pixel] as number;
      if (label === ignoreIndex) continue;
      const start = (row * columns + Math.floor((x * columns) / width)) * classCount;
      let best = 0;
      for (let index = 1; index < classCount; index++) {
        if ((likelihoods[start + index] as number) > (likelihoods[start + best] as number)) best = index;
      }
      const likelihood = likelihoods[start + label] as number;
      wrong[pixel] = 1 - likelihood;
      suggested[pixel] = best;
      confidence[pixel] = likelihoods[start + best] as number;
      losses[pixel] = -Math.log(Math.max(likelihood, leastLikelihood));
    }
  }
  return { wrong, suggested, confidence, losses };
}

function expectSizes({ width, height, labels, grid, classCount, likelihoods }: AuditedImage): void {
  const cells = grid.rows * grid.columns * classCount;
  if (labels.length === width * height && likelihoods.length === cells) return;
  throw new RangeError(
    `scoreImage: expected ${width * height} labels and ${cells} likelihoods, received ${labels.length} and ${likelihoods.length}`,
  );
}
