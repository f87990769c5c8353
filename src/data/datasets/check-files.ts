/** Checks the files of a dataset before anything expensive begins. */

import { DataError } from '../../errors/index.js';
import { ignoreIndex } from '../classes.js';
import type { FilePair, PairTable } from '../files/pair-table.js';
import { reachesEnd, readEnds } from '../images/file-ends.js';
import { readImage, readImageSize } from '../images/image-file.js';
import type { ImageReading } from '../images/image-reading.js';
import type { LabelReader } from '../images/label-file.js';
import { sizeMismatch } from '../images/size.js';

/** Limits the files that are opened at once, which is enough to hide the latency of a disk. */
const filesAtOnce = 16;
/** Limits the label files whose content the quick check reads, evenly spread over the split. */
const sampledLabels = 50;

/**
 * Returns `known` problems and one line for each file that cannot be used. The quick check reads the header and end of every file and the content
 * of some label files; with `deep` every image and label file is decoded. A split without any labeled pixel is a problem too.
 */
export async function checkFiles(
  pairs: PairTable,
  {
    known,
    labelReader,
    labelFolder,
    images,
    deep,
  }: {
    /** Holds the problems that listing the files has shown. */
    readonly known: readonly string[];
    readonly labelReader: LabelReader;
    /** Names the folder of the labels in messages; is null when the dataset is read without labels. */
    readonly labelFolder: string | null;
    readonly images: ImageReading;
    readonly deep: boolean;
  },
): Promise<string[]> {
  const problems = [...known];
  const stride = deep ? 1 : Math.ceil(pairs.length / sampledLabels);
  let labeled = false;
  for (let start = 0; start < pairs.length; start += filesAtOnce) {
    const group = pairs.slice(start, start + filesAtOnce);
    // Every label file is read until a labeled pixel was seen, which is mostly in the first one.
    const contentOf = (place: number) => (start + place) % stride === 0 || !labeled;
    const checks = await Promise.all(
      group.map((pair, place) => checkPair(pair, { labelReader, images, content: contentOf(place), deep })),
    );
    for (const check of checks) problems.push(...check.problems);
    labeled ||= checks.some((check) => check.labeled);
  }
  if (labelFolder !== null && pairs.length > 0 && problems.length === 0 && !labeled) {
    problems.push(
      `${labelFolder}: the split has no labeled pixel in any of ${pairs.length} files; label some or choose another split`,
    );
  }
  return problems;
}

/** Checks one sample: decodes the image with `deep`, the labels with `content`, and each when its end is missing. */
async function checkPair(
  pair: FilePair,
  {
    labelReader,
    images,
    content,
    deep,
  }: {
    readonly labelReader: LabelReader;
    readonly images: ImageReading;
    readonly content: boolean;
    readonly deep: boolean;
  },
): Promise<{ readonly problems: readonly string[]; readonly labeled: boolean }> {
  const problems: string[] = [];
  const note = noteIn(problems);
  const ends = await readEnds(pair.image);
  const decode = deep || !ends.ended;
  const imageSize = () =>
    (decode ? readImage(pair.image, images) : readImageSize(pair.image, images)).catch(note);
  // A PNG's header tells its size at a tenth of the cost, except that an orientation may follow later in the file.
  const stored = decode ? null : ends.png;
  let image = stored ?? (await imageSize());
  if (pair.labels === null) return { problems, labeled: false };
  const readContent = content || !(await reachesEnd(pair.labels));
  const map = readContent ? await labelReader.read(pair.labels).catch(note) : null;
  const labels = readContent ? map : await labelReader.readSize(pair.labels).catch(note);
  const differ = () => image && labels && sizeMismatch(pair.labels as string, { image, labels });
  if (stored !== null && differ() !== null) image = await imageSize();
  const mismatch = differ();
  if (mismatch !== null) problems.push(mismatch);
  const labeled = map?.labels.some((label) => label !== ignoreIndex) ?? false;
  return { problems, labeled };
}

/** Returns a rejection handler that adds the message of a DataError to `problems` and rethrows any other error. */
export function noteIn(problems: string[]): (error: unknown) => null {
  return (error) => {
    if (!(error instanceof DataError)) throw error;
    problems.push(error.message);
    return null;
  };
}
