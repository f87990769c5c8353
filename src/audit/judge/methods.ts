/** Lists the methods that are judged: what each makes of an image, as evidence of pixels, regions and a score. */

import { ignoreIndex, RandomStream } from '../../data/index.js';
import { type FoundRegion, findRegions } from '../find-regions.js';
import { visitLikelihoods } from '../pixel-likelihoods.js';
import type { AuditedImage, PixelSuspicions } from '../score-image.js';
import { leastLikelihood } from '../weight-curve.js';
import { confidentEvidence, confidentExample, confidentRange } from './confident-learning.js';
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

/** Adds what several methods start from. */
interface ComparedImage extends JudgedImage {
  /** Holds what the likelihoods out of fold say by themselves. */
  readonly outOfFold: PixelSuspicions;
  readonly outOfFoldRegions: MethodRegions;
}

type MethodRegions = readonly { readonly region: FoundRegion; readonly rank: number }[];

/** Holds what a method makes of an image. */
export interface MethodFindings {
  /** Is larger for pixels whose label is more probably wrong, [height, width]; unlabeled ones are not read. */
  readonly evidence: Float32Array;
  /** Lists regions with the number that ranks them, largest first; null where the method has none. */
  readonly regions: MethodRegions | null;
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
  find(image: ComparedImage): MethodFindings | null;
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
    find({ audited: { labels }, outOfFold: { wrong } }) {
      const scores = wrong.filter((_, pixel) => labels[pixel] !== ignoreIndex).map((one) => 1 - one);
      const imageScore = scores.length === 0 ? 0 : 1 - softminScore(scores);
      return { evidence: new Float32Array(labels.length).fill(imageScore), regions: null, imageScore };
    },
  },
  {
    name: 'loss-in-sample',
    title: 'loss of a network that learned from the labels',
    range: logOddsRange,
    find({ audited }) {
      if (audited.inSample === null) return null;
      const found = lossSuspicions(audited, audited.inSample);
      return lossFindings(found, { audited, regions: rankedRegions(found, audited) });
    },
  },
  {
    name: 'loss-out-of-fold',
    title: 'loss of networks that did not',
    range: logOddsRange,
    find: ({ audited, outOfFold, outOfFoldRegions }) =>
      lossFindings(outOfFold, { audited, regions: outOfFoldRegions }),
  },
  {
    name: 'random',
    title: 'random',
    range: { low: 0, high: 1 },
    find({ audited: { labels }, outOfFoldRegions, index }) {
      const random = new RandomStream(0, [randomPurpose, index]);
      return {
        regions: outOfFoldRegions.map(({ region }) => ({ region, rank: random.uniform() })),
        imageScore: random.uniform(),
        evidence: Float32Array.from(labels, () => random.uniform()),
      };
    },
  },
];

/** Separates these random draws from others under the same seed. */
const randomPurpose = 0x6a756467;

/** Returns what every method makes of an image, by the name of the method; methods that lack likelihoods are left out. */
export function findByMethods(image: JudgedImage): ReadonlyMap<string, MethodFindings> {
  const { audited } = image;
  const outOfFold = lossSuspicions(audited, audited.likelihoods);
  const compared = { ...image, outOfFold, outOfFoldRegions: rankedRegions(outOfFold, audited) };
  return new Map(
    judgedMethods.flatMap((method) => {
      const found = method.find(compared);
      return found === null ? [] : [[method.name, found] as const];
    }),
  );
}

function lossFindings(
  { wrong, losses }: PixelSuspicions,
  { audited, regions }: { readonly audited: AuditedImage; readonly regions: MethodRegions },
): MethodFindings {
  return { evidence: wrong.map(logOdds), regions, imageScore: meanOfLabeled(losses, audited) };
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
): MethodRegions {
  const regions = findRegions(found, { labels, size: { width, height }, classCount });
  return regions.map((region) => ({ region, rank: region.expectedWrong }));
}

function meanOfLabeled(values: Float32Array, { labels }: Pick<AuditedImage, 'labels'>): number {
  let [sum, count] = [0, 0];
  for (let pixel = 0; pixel < labels.length; pixel++) {
    if (labels[pixel] === ignoreIndex) continue;
    sum += values[pixel] as number;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
