/** Checks the files of a dataset before anything expensive begins. */

import { dirname } from 'node:path';
import { DataError } from '../../errors/index.js';
import { counted } from '../../format/index.js';
import { ignoreIndex } from '../classes.js';
import type { FilePair, PairTable } from '../files/pair-table.js';
import { type FileEnds, type PngHeader, reachesEnd, readEnds } from '../images/file-ends.js';
import { type ImageHeader, readImage, readImageHeader } from '../images/image-file.js';
import type { ImageReading } from '../images/image-reading.js';
import type { LabelReader } from '../images/label-file.js';
import { explainMismatch, turnedNote } from '../images/orientation.js';
import { type Size, sizeMismatch } from '../images/size.js';

/** Limits the files that are opened at once, which is enough to hide the latency of a disk. */
const filesAtOnce = 16;
/** Limits the label files whose content the quick check reads, evenly spread over the split. */
const sampledLabels = 50;

/** Says how the files of a dataset are read and what is known about them. */
export interface FileCheckOptions {
  /** Holds the problems that listing the files has shown. */
  readonly known: readonly string[];
  readonly labelReader: LabelReader;
  /** Names the folder of the labels in messages; is null when the dataset is read without labels. */
  readonly labelFolder: string | null;
  /** Says how image files are read. */
  readonly images: ImageReading;
  readonly deep: boolean;
}

/**
 * Returns `known` problems and one line for each file that cannot be used. The quick check reads the header and end of every
 * file and the content of some label files; with `deep` every image and label file is decoded. A split without any labeled
 * pixel is a problem too. Notes say how many images an EXIF orientation turns, how many have several pages, and which range is
 * assumed for 16 bits.
 */
export async function checkFiles(
  pairs: PairTable,
  { known, labelFolder, ...how }: FileCheckOptions,
): Promise<{ readonly problems: readonly string[]; readonly notes: readonly string[] }> {
  const problems = [...known];
  const stride = how.deep ? 1 : Math.ceil(pairs.length / sampledLabels);
  let labeled = false;
  let turned = 0;
  let severalPages = 0;
  let deep = 0;
  for (let start = 0; start < pairs.length; start += filesAtOnce) {
    const group = pairs.slice(start, start + filesAtOnce);
    // Every label file is read until a labeled pixel was seen, which is mostly in the first one.
    const contentOf = (place: number) => (start + place) % stride === 0 || !labeled;
    const checks = await Promise.all(
      group.map((pair, place) => checkPair(pair, { ...how, content: contentOf(place) })),
    );
    for (const check of checks) problems.push(...check.problems);
    labeled ||= checks.some((check) => check.labeled);
    turned += checks.filter((check) => check.turned).length;
    severalPages += checks.filter((check) => check.severalPages).length;
    deep += checks.filter((check) => check.deep).length;
  }
  if (labelFolder !== null && pairs.length > 0 && problems.length === 0 && !labeled) {
    problems.push(
      `${labelFolder}: the split has no labeled pixel in any of ${pairs.length} files; label some or choose another split`,
    );
  }
  const folder = dirname(pairs.get(0)?.image ?? '');
  const notes = [
    ...(turned === 0 ? [] : [turnedNote(turned, how.images)]),
    ...(severalPages === 0 ? [] : [pagesNote(severalPages)]),
    ...(deep === 0 || how.images.range !== null || problems.length > 0 ? [] : [deepNote(deep)]),
  ];
  return { problems, notes: notes.map((note) => `${folder}: ${note}`) };
}

interface PairCheck {
  readonly problems: readonly string[];
  readonly labeled: boolean;
  /** Is true when the image has an EXIF orientation other than upright. */
  readonly turned: boolean;
  /** Is true when the image has several pages or frames. */
  readonly severalPages: boolean;
  /** Is true when the image has more than 8 bits. */
  readonly deep: boolean;
}

/** Holds what is known of an image without its pixels. */
type ImageForm = Pick<ImageHeader, keyof Size | 'type' | 'pages' | 'orientation'>;

const plainForm = { type: '8-bit', pages: 1, orientation: 1 } as const;

/** Reads the header of an image, and decodes it with `deep`, without its end, and where only the values tell its range. */
async function readForm(
  path: string,
  {
    ends,
    reading,
    deep,
    content,
  }: {
    readonly ends: FileEnds;
    readonly reading: ImageReading;
    readonly deep: boolean;
    readonly content: boolean;
  },
): Promise<ImageForm> {
  const header = await readImageHeader(path, reading);
  const whole = deep || !ends.ended || (content && header.type !== '8-bit');
  return whole ? { ...header, ...(await sizeOfDecoded(path, reading)) } : header;
}

async function sizeOfDecoded(path: string, reading: ImageReading): Promise<Size> {
  const { width, height } = await readImage(path, reading);
  return { width, height };
}

/** Checks one sample: decodes the image with `deep`, the labels with `content`, and each when its end is missing. */
async function checkPair(
  pair: FilePair,
  {
    labelReader,
    images: reading,
    content,
    deep,
  }: Omit<FileCheckOptions, 'known' | 'labelFolder'> & { readonly content: boolean },
): Promise<PairCheck> {
  const problems: string[] = [];
  const note = noteIn(problems);
  const ends = await readEnds(pair.image);
  const form = () => readForm(pair.image, { ends, reading, deep, content }).catch(note);
  // A PNG's header tells its size at a tenth of the cost, except that an orientation may follow later in the file, whether
  // its channels fit, and whether it uses the range of 16 bits.
  const isPlain = !deep && ends.ended && reading.channels === 3 && ends.png !== null && ends.png.depth <= 8;
  let image: ImageForm | null = isPlain ? { ...(ends.png as PngHeader), ...plainForm } : await form();
  const about = {
    problems,
    turned: (image?.orientation ?? 1) > 1,
    severalPages: (image?.pages ?? 1) > 1,
    deep: image !== null && image.type !== '8-bit',
  };
  if (pair.labels === null) return { ...about, labeled: false };
  const readContent = content || !(await reachesEnd(pair.labels));
  const map = readContent ? await labelReader.read(pair.labels).catch(note) : null;
  const labels = readContent ? map : await labelReader.readSize(pair.labels).catch(note);
  const differ = image !== null && labels !== null && sizeMismatch(pair.labels, { image, labels }) !== null;
  if (isPlain && differ) image = await form();
  if (image !== null && labels !== null) {
    const mismatch = await explainMismatch(
      { labelPath: pair.labels, imagePath: pair.image },
      { image, labels, reading },
    );
    if (mismatch !== null) problems.push(mismatch);
  }
  const labeled = map?.labels.some((label) => label !== ignoreIndex) ?? false;
  return { ...about, labeled };
}

function pagesNote(count: number): string {
  return `${counted(count, 'image has', 'images have')} several pages or frames, of which the first is read`;
}

function deepNote(count: number): string {
  return (
    `${counted(count, 'image has', 'images have')} 16 bits; 0 and 65535 are taken for black and white ` +
    '(data.imageRange states others)'
  );
}

/** Returns a rejection handler that adds the message of a DataError to `problems` and rethrows any other error. */
export function noteIn(problems: string[]): (error: unknown) => null {
  return (error) => {
    if (!(error instanceof DataError)) throw error;
    problems.push(error.message);
    return null;
  };
}
