/**
 * Divides the images of a dataset into folds. Frames of one video are near copies of one another, and a network that learned
 * from one of them repeats the mistakes of its labels on the next. So each fold is a run of images that follow one another by
 * folder and number, and only at its two ends is a neighbor in another fold.
 */

import { dirname } from 'node:path/posix';

/**
 * Returns the fold of each image, from 0. Folds have nearly the same number of images; where a folder or a series of numbered
 * names ends near the border of two folds, the border is moved there.
 *
 * @param names names of images with their folders, in any order
 * @param options.folds how many there are; no more than images
 */
export function assignFolds(
  names: readonly string[],
  { folds }: { readonly folds: number },
): { readonly foldOf: Uint8Array; readonly folds: number } {
  const count = Math.min(folds, names.length);
  const places = names.map(placeOf);
  const order = places.map((_, index) => index).sort((a, b) => compare(places, a, b));
  const borders = order.flatMap((index, place) => {
    const before = place === 0 ? undefined : places[order[place - 1] as number];
    return before !== undefined && before.series !== places[index]?.series ? [place] : [];
  });
  const foldOf = new Uint8Array(names.length);
  const reach = names.length / (4 * count);
  for (let fold = 1; fold < count; fold++) {
    const even = Math.round((fold * names.length) / count);
    const near = borders.filter((border) => Math.abs(border - even) <= reach);
    const nearest = near.toSorted((a, b) => Math.abs(a - even) - Math.abs(b - even))[0] ?? even;
    for (const index of order.slice(nearest)) foldOf[index] = fold;
  }
  return { foldOf, folds: count };
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
