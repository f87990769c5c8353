/**
 * Chooses the next pixels to ask about. A few images compete at a time, those that were asked about least first, so that
 * questions come at once however many images there are, and questions about one image follow one another.
 */

import { crc32 } from 'node:zlib';
import { ignoreIndex, RandomStream, type SegmentationDataset } from '../../data/index.js';
import { type ChosenPoint, candidateAt, choosePoints, type SuggestionStrategy } from '../../suggest/index.js';
import type { EvidenceSource, LearnedDataset } from '../../suggest/internal.js';
import type { AskedPixel, Question } from './answer.js';

/** Counts the images that compete, and limits the questions about one of them. */
const competingImages = 8;
const mostOfImage = 3;
/** Separates these draws from others of the same seed. */
const purpose = 0x636c6b73;

/** Configures `chooseQuestions`. */
export interface ChooseQuestionsOptions {
  readonly count: number;
  /** Lists the pixels that were asked about before. */
  readonly asked: readonly AskedPixel[];
  readonly files: SegmentationDataset;
  readonly source: EvidenceSource;
  readonly learned: LearnedDataset;
  readonly strategy: SuggestionStrategy;
  readonly seed: number;
}

/**
 * Returns at most `count` questions, image by image; fewer only where the images of this round have no more pixels.
 *
 * @throws {DataError} naming the file when an image cannot be used
 */
export async function chooseQuestions({
  count,
  asked,
  files,
  source,
  learned,
  strategy,
  seed,
}: ChooseQuestionsOptions): Promise<Question[]> {
  const askedOf = new Map<string, AskedPixel[]>();
  for (const pixel of asked) askedOf.set(pixel.image, [...(askedOf.get(pixel.image) ?? []), pixel]);
  const round = leastAsked(files, { askedOf, seed, count });
  const found: { readonly index: number; readonly point: ChosenPoint; readonly question: Question }[] = [];
  const most = Math.max(mostOfImage, Math.ceil(count / round.length));
  for (const index of round) {
    const name = files.name(index);
    const known = askedOf.get(name) ?? [];
    const { stacked, ...evidence } = await source.read(index);
    const features = stacked && (learned.space?.project(stacked) ?? null);
    stacked?.dispose();
    const { grid } = evidence;
    const chosen = choosePoints(
      { ...evidence, features },
      {
        ...{ strategy, count: most, where: 'uncovered', knowledge: learned.knowledge },
        random: new RandomStream(seed, [purpose, crc32(`${known.length} ${name}`)]),
        taken: known.map((pixel) => candidateAt(pixel, grid)),
      },
    );
    for (const point of chosen) {
      const { x, y, suggested, reason } = point;
      const place = { image: name, width: grid.width, height: grid.height, x, y };
      const question = { ...place, suggested: files.classes[suggested]?.name ?? null, reason };
      found.push({ index, point, question });
    }
  }
  // What no label covers comes first, whatever its score.
  const winners = found
    .toSorted(
      (a, b) =>
        Number(a.point.label !== ignoreIndex) - Number(b.point.label !== ignoreIndex) ||
        b.point.score - a.point.score,
    )
    .slice(0, count);
  return round.flatMap((index) =>
    winners.filter((one) => one.index === index).map(({ question }) => question),
  );
}

/** Returns the images that were asked about least, in an order that the seed gives. */
function leastAsked(
  files: SegmentationDataset,
  {
    askedOf,
    seed,
    count,
  }: {
    readonly askedOf: ReadonlyMap<string, readonly AskedPixel[]>;
    readonly seed: number;
    readonly count: number;
  },
): number[] {
  const order = [...new RandomStream(seed, [purpose]).permutation(files.length)];
  const times = (index: number) => askedOf.get(files.name(index))?.length ?? 0;
  return order
    .map((index) => [index, times(index)] as const)
    .toSorted(([, a], [, b]) => a - b)
    .slice(0, Math.max(competingImages, Math.ceil(count / mostOfImage)))
    .map(([index]) => index);
}
