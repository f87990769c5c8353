/** Lists the methods that are judged: what each makes of an image, as evidence of pixels, regions and a score. */

import { ignoreIndex, RandomStream } from '../../data/index.js';
import { type FoundRegion, findRegions } from '../find-regions.js';
import type { AuditedImage, PixelSuspicions } from '../score-image.js';
import { confidentEvidence, confidentExample, confidentRange } from './confident-learning.js';
import { visitLikelihoods } from './pixel-likelihoods.js';
import { logOdds, logOddsRange } from './ranking-counter.js';
import { softminScore } from './softmin-score.js';

/** Holds what an audit found in an image, from which every method starts. */
export interface JudgedImage {
  readonly audited: AuditedImage;
  readonly suspicions: PixelSuspicions;
  readonly regions: readonly FoundRegion[];
  /** Is the place of the image in the dataset. */
  readonly index: number;
}

/** Holds what a method makes of an image. */
export interface MethodFindings {
  /** Is larger for pixels whose label is more probably wrong, [height, width]; unlabeled ones are not read. */
  readonly evidence: Float32Array;
  /** Lists regions with the number that ranks them, largest first; null where the method has none. */
  readonly regions: readonly { readonly region: FoundRegion; readonly rank: number }[] | null;
  /** Is larger for images whose labels are worse. */
  readonly imageScore: number;
}

/** Describes a method. */
export interface JudgedMethod {
  readonly name: string;
  /** Says in a few words what it does. */
  readonly title: string;
  /** Is the range of its evidence. */
  readonly range: { readonly low: number; readonly high: number };
  /** Returns what it makes of an image; null where it needs likelihoods that the audit does not have. */
  find(image: JudgedImage): MethodFindings | null;
}

/** Lists the methods, the audit itself first. */
export const judgedMethods: readonly JudgedMethod[] = [
  {
    name: 'audit',
    title: 'the audit',
    range: logOddsRange,
    find: ({ audited, suspicions, regions }) => ({
      evidence: suspicions.wrong.map(logOdds),
      regions: regions.map((region) => ({ region, rank: region.expectedWrong })),
      imageScore: meanOfLabeled(suspicions.wrong, audited),
    }),
  },
  {
    name: 'confident-learning',
    title: 'confident learning',
    range: confidentRange,
    find({ audited }) {
      const { width, height, labels, likelihoods, knowledge } = audited;
      const evidence = new Float32Array(width * height);
      const found = emptySuspicions(audited);
      visitLikelihoods(audited, likelihoods, (pixel, own) => {
        const given = labels[pixel] as number;
        const example = confidentExample(own, { given, thresholds: knowledge.selfConfidence });
        evidence[pixel] = confidentEvidence(example);
        found.suggested[pixel] = example.suggested;
        // Its errors are regions, whatever their margin.
        found.wrong[pixel] = example.isError ? (3 + example.margin) / 4 : 0;
      });
      const imageScore = meanOfLabeled(found.wrong, audited);
      return { evidence, regions: rankedRegions(found, audited), imageScore };
    },
  },
  {
    name: 'softmin',
    title: 'softmin score of whole images',
    range: { low: 0, high: 1 },
    find({ audited }) {
      const { wrong } = lossSuspicions(audited, audited.likelihoods);
      const scores = wrong.filter((_, pixel) => audited.labels[pixel] !== ignoreIndex).map((one) => 1 - one);
      const imageScore = scores.length === 0 ? 0 : 1 - softminScore(scores);
      return { evidence: wrong.fill(imageScore), regions: null, imageScore };
    },
  },
  {
    name: 'loss-in-sample',
    title: 'loss of a network that learned from the labels',
    range: logOddsRange,
    find: ({ audited }) => (audited.inSample === null ? null : lossFindings(audited, audited.inSample)),
  },
  {
    name: 'loss-out-of-fold',
    title: 'loss of networks that did not',
    range: logOddsRange,
    find: ({ audited }) => lossFindings(audited, audited.likelihoods),
  },
  {
    name: 'random',
    title: 'random',
    range: { low: 0, high: 1 },
    find({ audited, index }) {
      const random = new RandomStream(0, [randomPurpose, index]);
      const found = lossSuspicions(audited, audited.likelihoods);
      return {
        // The regions are those of the loss out of fold.
        regions: rankedRegions(found, audited).map(({ region }) => ({ region, rank: random.uniform() })),
        imageScore: random.uniform(),
        evidence: found.wrong.map(() => random.uniform()),
      };
    },
  },
];

/** Separates these random draws from others under the same seed. */
const randomPurpose = 0x6a756467;

function lossFindings(audited: AuditedImage, likelihoods: Float32Array): MethodFindings {
  const found = lossSuspicions(audited, likelihoods);
  return {
    evidence: found.wrong.map(logOdds),
    regions: rankedRegions(found, audited),
    imageScore: meanOfLabeled(found.losses, audited),
  };
}

/** Returns what the likelihoods say by themselves: a label is as probably wrong as it is not likely. */
function lossSuspicions(audited: AuditedImage, likelihoods: Float32Array): PixelSuspicions {
  const { wrong, suggested, confidence, losses } = emptySuspicions(audited);
  visitLikelihoods(audited, likelihoods, (pixel, own) => {
    const given = own[audited.labels[pixel] as number] as number;
    let best = 0;
    for (let index = 1; index < own.length; index++)
      if ((own[index] as number) > (own[best] as number)) best = index;
    wrong[pixel] = 1 - given;
    suggested[pixel] = best;
    confidence[pixel] = own[best] as number;
    losses[pixel] = -Math.log(Math.max(given, leastLikelihood));
  });
  return { wrong, suggested, confidence, losses };
}

/** Bounds likelihoods from below, so that losses are finite. */
const leastLikelihood = 1e-6;

function emptySuspicions({ width, height }: AuditedImage): PixelSuspicions {
  const pixels = width * height;
  return {
    wrong: new Float32Array(pixels),
    suggested: new Uint8Array(pixels),
    confidence: new Float32Array(pixels),
    losses: new Float32Array(pixels),
  };
}

function rankedRegions(
  found: PixelSuspicions,
  { width, height, labels, classCount }: AuditedImage,
): { readonly region: FoundRegion; readonly rank: number }[] {
  const regions = findRegions(found, { labels, size: { width, height }, classCount });
  return regions.map((region) => ({ region, rank: region.expectedWrong }));
}

function meanOfLabeled(values: Float32Array, { labels }: Pick<AuditedImage, 'labels'>): number {
  let [sum, count] = [0, 0];
  for (const [pixel, label] of labels.entries()) {
    if (label === ignoreIndex) continue;
    sum += values[pixel] as number;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
