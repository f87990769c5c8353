/** Chooses the images that a reader wants to see, in the order that was asked for. */

import type { ImageList } from '../dataset/served-dataset.js';
import type { StatisticsTable } from '../statistics/statistics-table.js';

/** Says which images are wanted. Shares are in [0, 1]; an image of which the asked-for value is not known is left out. */
export interface ImageFilter {
  /** Is a part of the name, in any case of its letters. */
  readonly search?: string | undefined;
  /** Is a class that the labels have, by its index. */
  readonly class?: number | undefined;
  /** Limits the share of all pixels that are labeled. */
  readonly leastCoverage?: number | undefined;
  readonly mostCoverage?: number | undefined;
  /** Is the least score of the audit. */
  readonly leastScore?: number | undefined;
  /** Leaves images whose labels cannot be read. */
  readonly unreadable?: boolean | undefined;
  /** Orders by name, by the share of labeled pixels, by the share of the chosen class, or by the score. */
  readonly sort: 'name' | 'coverage' | 'share' | 'score';
  readonly order: 'up' | 'down';
}

/** Holds what the filter reads. */
export interface ImageKnowledge {
  readonly list: ImageList;
  readonly table: StatisticsTable;
  /** Returns the score of an image; null where the audit has none. */
  readonly score: (index: number) => number | null;
}

/** Returns the places of the images that fit, in the order that was asked for; those without the value are last. */
export function chooseImages(filter: ImageFilter, knowledge: ImageKnowledge): Uint32Array {
  const { list } = knowledge;
  const chosen: number[] = [];
  for (let index = 0; index < list.length; index++) if (fits(index, filter, knowledge)) chosen.push(index);
  return sorted(Uint32Array.from(chosen), filter, knowledge);
}

function fits(index: number, filter: ImageFilter, { list, table, score }: ImageKnowledge): boolean {
  const { search, class: classIndex, leastCoverage, mostCoverage, leastScore, unreadable = false } = filter;
  if (unreadable && table.problem(index) === null) return false;
  const coverage = table.coverage(index);
  // Written so that NaN, which stands for what is not known, does not fit.
  if (leastCoverage !== undefined && !(coverage >= leastCoverage)) return false;
  if (mostCoverage !== undefined && !(coverage <= mostCoverage)) return false;
  if (classIndex !== undefined && !(table.share(index, classIndex) > 0)) return false;
  if (leastScore !== undefined && !((score(index) ?? Number.NaN) >= leastScore)) return false;
  if (search === undefined || search === '') return true;
  return plain(list.name(index)).includes(plain(search));
}

function plain(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

function sorted(
  chosen: Uint32Array,
  { sort, order, class: classIndex }: ImageFilter,
  { list, table, score }: ImageKnowledge,
): Uint32Array {
  if (sort === 'name') return order === 'up' ? chosen : chosen.reverse();
  const values = new Float64Array(list.length);
  for (const index of chosen) {
    if (sort === 'score') values[index] = score(index) ?? Number.NaN;
    else if (sort === 'share' && classIndex !== undefined) values[index] = table.share(index, classIndex);
    else values[index] = table.coverage(index);
  }
  const direction = order === 'up' ? 1 : -1;
  return chosen.sort((a, b) => {
    const [left, right] = [values[a] as number, values[b] as number];
    if (Number.isNaN(left) || Number.isNaN(right))
      return Number(Number.isNaN(left)) - Number(Number.isNaN(right)) || a - b;
    return direction * (left - right) || a - b;
  });
}
