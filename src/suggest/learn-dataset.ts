/** Learns from some images, spread over a dataset, what strategies need to know of all of them. */

import type { EvidenceSource } from './evidence.js';
import { FeatureSpace } from './feature-space.js';
import { ClassTally, type DatasetKnowledge } from './knowledge.js';

/** Limits the images that are measured. */
const measuredImages = 48;

/** Holds what is known of a dataset, with the space of its features; null where no term reads them. */
export interface LearnedDataset extends Disposable {
  readonly knowledge: DatasetKnowledge;
  readonly space: FeatureSpace | null;
  /** Holds the mean likelihood of each class over the pixels of the measured images. */
  readonly classShares: Float64Array;
}

/** Measures a dataset; the caller disposes the result. */
export async function learnDataset(
  source: EvidenceSource,
  {
    length,
    classCount,
    count,
    seed,
    needsFeatures,
    onProgress = () => undefined,
  }: {
    readonly length: number;
    readonly classCount: number;
    /** Counts the questions of an image, for which the prior of the tally stands. */
    readonly count: number;
    readonly seed: number;
    readonly needsFeatures: boolean;
    readonly onProgress?: (() => void) | undefined;
  },
): Promise<LearnedDataset> {
  const space = needsFeatures ? new FeatureSpace({ seed }) : null;
  try {
    const classShares = new Float64Array(classCount);
    let pixels = 0;
    for (const index of spreadIndices(length, measuredImages)) {
      const evidence = await source.read(index);
      try {
        space?.add(evidence);
        for (const [place, likelihood] of evidence.likelihoods.entries()) {
          classShares[place % classCount] = (classShares[place % classCount] as number) + likelihood;
        }
        pixels += evidence.labels.length;
      } finally {
        evidence.stacked?.dispose();
      }
      onProgress();
    }
    for (const index of classShares.keys()) classShares[index] = (classShares[index] as number) / pixels;
    const references = space?.finish() ?? null;
    const tally = new ClassTally(classShares.map((share) => share * count));
    return {
      knowledge: { tally, references },
      space,
      classShares,
      [Symbol.dispose]: () => space?.[Symbol.dispose](),
    };
  } catch (error) {
    space?.[Symbol.dispose]();
    throw error;
  }
}

/** Counts the images that `learnDataset` reads. */
export function measuredCount(length: number): number {
  return Math.min(length, measuredImages);
}

/** Returns the middles of equal parts of a list of images. */
function spreadIndices(length: number, most: number): number[] {
  const count = Math.min(length, most);
  return Array.from({ length: count }, (_, part) => Math.floor(((part + 0.5) * length) / count));
}
