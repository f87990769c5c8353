/** Says of each labeled pixel of an image how probable it is that its label is wrong, and which class it has instead. */

import type { Size } from '../data/index.js';
import type { CandidateGrid } from '../suggest/index.js';
import type { AuditKnowledge } from './knowledge.js';
import { visitLikelihoods } from './pixel-likelihoods.js';
import { ColorModel } from './suspicion/color-model.js';
import { drawnRegions, RegionTally } from './suspicion/drawn-regions.js';
import { imageColors } from './suspicion/image-colors.js';
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
export const scoringVersion = 3;

/** Is the power of what networks say that did not learn from the image, beside those that did. */
const foldPower = 0.3;
/** Is the power of what colors say, as neighboring pixels say nearly the same and colors know no shapes. */
const colorPower = 0.5;
/** Sets how much the mean doubt of a badly known region takes back of what is said against its pixels. */
const regionExcuse = 4;
/** Turn evidence into the logarithm of odds, as coarse labels of road scenes need it. */
const slope = 0.37;
const offset = -1.3;

/**
 * Scores the labeled pixels of an image. The evidence against a label is the logarithm by which another class is more likely: by
 * the networks, and by the colors that classes have in this image. Of a region that networks know badly as a whole, a part of
 * it is taken back.
 *
 * @throws {RangeError} when an array has another size than the image or its grid
 */
export function scoreImage(audited: AuditedImage): PixelSuspicions {
  expectSizes(audited);
  const { width, height, image, labels, classCount, grid } = audited;
  const size = { width, height };
  const wrong = new Float32Array(width * height);
  const suggested = new Uint8Array(width * height);
  const confidence = new Float32Array(width * height);
  const losses = new Float32Array(width * height);
  const regions = drawnRegions(labels, size);
  const both = bothLikelihoods(audited);
  const visit = (look: (pixel: number, own: Float64Array) => void) =>
    visitLikelihoods({ labels, classCount: 2 * classCount, grid }, both, look);
  const tally = new RegionTally(regions, classCount);
  const logs = new Float64Array(classCount);
  visit((pixel, own) => {
    const region = regions.ids[pixel] as number;
    if (region < 0) return;
    for (let index = 0; index < classCount; index++)
      logs[index] = (logOf(own[index]) + logOf(own[classCount + index])) / 2;
    tally.add(region, 1 - (own[labels[pixel] as number] as number), logs);
  });
  const { doubts, shares } = tally.judgment;
  const colors = new ColorModel(imageColors(image, size), { labels, classCount, regions });
  const byColor = new Float64Array(classCount);
  visit((pixel, own) => {
    const given = labels[pixel] as number;
    const region = regions.ids[pixel] as number;
    const share = shares[region] ?? 0;
    colors.evidence(pixel, { share, result: byColor });
    let [best, most, least] = [given, Number.NEGATIVE_INFINITY, 0];
    for (let index = 0; index < classCount; index++) {
      const value =
        logOf(own[index]) +
        foldPower * logOf(own[classCount + index]) +
        colorPower * (byColor[index] as number);
      if (index === given) least = value;
      else if (value > most) [best, most] = [index, value];
    }
    const evidence = most - least - regionExcuse * (1 - share) * (doubts[region] ?? 0);
    const chosen = evidence > 0 ? best : given;
    wrong[pixel] = 1 / (1 + Math.exp(-slope * evidence - offset));
    suggested[pixel] = chosen;
    confidence[pixel] = own[classCount + chosen] as number;
    losses[pixel] = -logOf(own[classCount + given]);
  });
  return { wrong, suggested, confidence, losses };
}

function logOf(likelihood: number | undefined): number {
  return Math.log(Math.max(likelihood as number, leastLikelihood));
}

/**
 * Returns the likelihoods [rows, columns, 2 × classes] by networks that learned from the image, which see what does not fit in
 * it, and then by those that did not. Where there is one kind it stands for both.
 */
function bothLikelihoods({ likelihoods, inSample, classCount }: AuditedImage): Float32Array {
  const both = new Float32Array(2 * likelihoods.length);
  for (let cell = 0; cell < likelihoods.length; cell += classCount) {
    both.set((inSample ?? likelihoods).subarray(cell, cell + classCount), 2 * cell);
    both.set(likelihoods.subarray(cell, cell + classCount), 2 * cell + classCount);
  }
  return both;
}

function expectSizes({ width, height, labels, grid, classCount, likelihoods }: AuditedImage): void {
  const cells = grid.rows * grid.columns * classCount;
  if (labels.length === width * height && likelihoods.length === cells) return;
  throw new RangeError(
    `scoreImage: expected ${width * height} labels and ${cells} likelihoods, received ${labels.length} and ${likelihoods.length}`,
  );
}
