/** What is wrong with a dataset's files, before anything expensive begins. */

import { DataError } from '../../errors/index.js';
import { type DatasetCheck, ignoreIndex } from '../datasets/dataset.js';
import { readImage, readImageSize } from '../images/image-file.js';
import type { FileListing, LabelReader } from './file-listing.js';
import { hasImageEnd, readEnds } from './image-end.js';
import type { FilePair, PairTable } from './pair-table.js';
import { sizeMismatch } from './size-mismatch.js';

/** Files looked at together: enough to hide the waiting for a disk. */
const together = 16;
/** The quick check reads the content of about this many label files, spread over the split. */
const sampledLabels = 50;

/**
 * The listing's own problems, headers and ends of all files, the content of some label files, and whether any pixel is
 * labeled at all; with `deep` every image and label is decoded.
 */
export async function checkFiles(
  listing: Omit<FileListing, 'pairs' | 'listed'> & { readonly pairs: PairTable },
  { deep }: { readonly deep: boolean },
): Promise<DatasetCheck> {
  const { pairs, labelReader, labelFolder, skipped } = listing;
  const problems = [...listing.problems];
  const stride = deep ? 1 : Math.ceil(pairs.length / sampledLabels);
  let labeled = false;
  for (let start = 0; start < pairs.length; start += together) {
    const group = pairs.slice(start, start + together);
    // Until a labeled pixel was seen, every file is read: mostly that is the first one.
    const contentOf = (place: number) => (start + place) % stride === 0 || !labeled;
    const checks = await Promise.all(
      group.map((pair, place) => checkPair(pair, { labelReader, content: contentOf(place), deep })),
    );
    for (const check of checks) problems.push(...check.problems);
    labeled ||= checks.some((check) => check.labeled);
  }
  if (labelFolder !== null && pairs.length > 0 && problems.length === 0 && !labeled) {
    problems.push(
      `${labelFolder}: the split has no labeled pixel in any of ${pairs.length} files; label some or choose another split`,
    );
  }
  return { length: pairs.length, problems, skipped };
}

/**
 * What is wrong with one sample. Headers are looked at; the image is decoded with `deep`, the labels with `content`,
 * and both when their end is missing.
 */
async function checkPair(
  pair: FilePair,
  {
    labelReader,
    content,
    deep,
  }: { readonly labelReader: LabelReader; readonly content: boolean; readonly deep: boolean },
): Promise<{ readonly problems: readonly string[]; readonly labeled: boolean }> {
  const problems: string[] = [];
  const note = noteIn(problems);
  const ends = await readEnds(pair.image);
  const decode = deep || !ends.ended;
  const imageSize = () => (decode ? readImage(pair.image) : readImageSize(pair.image)).catch(note);
  // A PNG's header tells its size at a tenth of the price, but for an orientation that may stand behind it.
  const told = decode ? null : ends.png;
  let image = told ?? (await imageSize());
  if (pair.labels === null) return { problems, labeled: false };
  const readContent = content || !(await hasImageEnd(pair.labels));
  const map = readContent ? await labelReader.read(pair.labels).catch(note) : null;
  const labels = readContent ? map : await labelReader.readSize(pair.labels).catch(note);
  const differ = () => image && labels && sizeMismatch(pair.labels as string, { image, labels });
  if (told !== null && differ() !== null) image = await imageSize();
  const mismatch = differ();
  if (mismatch !== null) problems.push(mismatch);
  const labeled = map?.labels.some((label) => label !== ignoreIndex) ?? false;
  return { problems, labeled };
}

/** A handler of rejections that keeps a DataError's message and lets any other error through. */
export function noteIn(problems: string[]): (error: unknown) => null {
  return (error) => {
    if (!(error instanceof DataError)) throw error;
    problems.push(error.message);
    return null;
  };
}
