/**
 * Divides the images of a dataset into folds. Frames of one video are near copies of one another, and a network that learned
 * from one of them repeats the mistakes of its labels on the next. So images that follow one another by folder and number stay
 * together in a block, and the images beside a block are in no training of its fold. Each fold has blocks from all over the
 * dataset, as a network that never saw a street at night is wrong about all of it: on CamVid, losses
 * ranked wrong pixels with an average precision of 0.14 with blocks of five images, and of 0.10 with one block a fold.
 */

import { dirname } from 'node:path/posix';

/** Counts the blocks of a fold in a large dataset, and the images of a block in a small one. */
const blocksOfFold = 15;
const leastBlock = 5;
/** Is the part of a block by which the images on each side of it are left out. */
const gapShare = 0.2;
/** Counts the images from which on some can be left out. */
const leastWithGaps = 20;

/** Says which images are judged and learned from in each fold. */
export interface Folds {
  /** Counts the folds. */
  readonly count: number;
  /** Gives the fold of each image, from 0. */
  readonly foldOf: Uint8Array;
  /** Tells whether the heads of a fold learn from an image. */
  learnsFrom(fold: number, image: number): boolean;
}

/**
 * Returns the folds of images, which have about the same size.
 *
 * @param names names of images with their folders, in any order
 * @param options.folds how many there are; no more than images
 */
export function assignFolds(names: readonly string[], { folds }: { readonly folds: number }): Folds {
  const count = Math.min(folds, names.length);
  const places = names.map(placeOf);
  const order = places.map((_, index) => index).sort((a, b) => compare(places, a, b));
  const length = Math.min(
    Math.ceil(names.length / count),
    Math.max(leastBlock, Math.round(names.length / (blocksOfFold * count))),
  );
  const blocks = Math.max(count, Math.round(names.length / length));
  const foldOf = new Uint8Array(names.length);
  for (const [place, index] of order.entries())
    foldOf[index] = Math.floor((place * blocks) / names.length) % count;
  const gap = names.length < leastWithGaps ? 0 : Math.max(1, Math.round(gapShare * length));
  const besideFold = new Uint8Array(count * names.length);
  for (const [place, index] of order.entries()) {
    for (let other = Math.max(0, place - gap); other <= place + gap && other < order.length; other++) {
      const neighbor = order[other] as number;
      if (places[neighbor]?.series !== places[index]?.series) continue;
      besideFold[(foldOf[index] as number) * names.length + neighbor] = 1;
    }
  }
  return {
    count,
    foldOf,
    learnsFrom: (fold, image) => foldOf[image] !== fold && besideFold[fold * names.length + image] === 0,
  };
}

interface Place {
  /** Is the folder with what stands before the last number of the name. */
  readonly series: string;
  readonly number: number;
  readonly rest: string;
}

/** Reads a name as a folder, a series and the last number in it. */
function placeOf(name: string): Place {
  const file = name.slice(dirname(name) === '.' ? 0 : dirname(name).length + 1);
  const [, before = file, digits = '', rest = ''] = /^(.*?)(\d+)(\D*)$/.exec(file) ?? [];
  return { series: `${dirname(name)}/${before}`, number: Number(digits), rest };
}

function compare(places: readonly Place[], a: number, b: number): number {
  const [first, second] = [places[a] as Place, places[b] as Place];
  if (first.series !== second.series) return first.series < second.series ? -1 : 1;
  if (first.number !== second.number) return first.number - second.number;
  return first.rest < second.rest ? -1 : Number(first.rest > second.rest);
}
