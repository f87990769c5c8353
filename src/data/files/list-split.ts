/** Lists the files of a split: images and label files are paired by name, and bad files are left out where that is wanted. */

import { basename, dirname } from 'node:path';
import { counted } from '../../format/index.js';
import { reachesEnd } from '../images/file-ends.js';
import { findNaming, type PairNaming } from './find-naming.js';
import type { ListingNotes } from './list-files.js';
import type { FilePair } from './pair-table.js';

/** Limits the files that are opened at once, which is enough to hide the latency of a disk. */
const filesAtOnce = 16;

/** Holds the files of a dataset as its folders list them; none of them is decoded yet. */
export interface FileListing {
  readonly pairs: readonly FilePair[];
  /** Has one line, with the path, for each thing that prevents the use of the dataset. */
  readonly problems: readonly string[];
  /** Has one line, with the path, for each bad file that was left out. */
  readonly skipped: readonly string[];
  /** Has one line, with the path, for each thing that a person should know although it prevents nothing. */
  readonly notes: readonly string[];
  /** Holds what the listing depends on: every listed folder, and every file that was left out because it is cut off. */
  readonly listed: readonly string[];
}

/** Describes the folders of one split, and how their files are named. */
export interface SplitLayout {
  /** Lists the images by name. Returns null for a missing folder, which is then among the problems. */
  listImages(notes: ListingNotes): Promise<ReadonlyMap<string, string> | null>;
  /** Lists the label files by name, like `listImages`; is null to read images alone. */
  readonly listLabels: ((notes: ListingNotes) => Promise<ReadonlyMap<string, string> | null>) | null;
  /** Says in an error message that no image was found. */
  readonly noImages: string;
  /** Returns the image expected for a label file, for error messages. */
  expectedImage(name: string): string;
  /** Returns the label file expected for an image, for error messages. */
  expectedLabels(name: string): string;
  /** Says that images and label files add different things to their names; absent where names are fixed. */
  readonly differentNames?: (naming: PairNaming) => string;
}

/**
 * Lists a split in the order of its images. With `skipBadFiles`, files without a partner and pairs with a file that is cut
 * off are left out: training can go on without the two that are broken among twenty thousand, but a score without some of
 * its images could not be compared with published ones. Otherwise a file without a partner is a problem, and cut-off files
 * are left to the reader.
 */
export async function listSplit(
  layout: SplitLayout,
  {
    skipBadFiles = false,
    skipUnlabeled = false,
  }: {
    readonly skipBadFiles?: boolean;
    /** Leaves out images without a label file, which a note counts. */
    readonly skipUnlabeled?: boolean;
  } = {},
): Promise<FileListing> {
  const problems: string[] = [];
  const listed: string[] = [];
  const notes: string[] = [];
  const nothing = { pairs: [], problems, skipped: [], listed, notes };
  const images = await layout.listImages(nothing);
  if (images === null) return nothing;
  if (images.size === 0) {
    const leftOut = notes[0] === undefined ? '' : ` (${notes[0].replace(/^.*?: /, '')})`;
    problems.push(`${layout.noImages}${leftOut}`);
    return nothing;
  }
  if (layout.listLabels === null) {
    return { ...nothing, pairs: [...images].map(([name, image]) => ({ name, image, labels: null })) };
  }
  const labels = await layout.listLabels(nothing);
  if (labels === null) return nothing;
  const naming = layout.differentNames && findNaming([...images.keys()], [...labels.keys()]);
  if (layout.differentNames && naming) {
    problems.push(layout.differentNames(naming));
    return nothing;
  }
  const pairs: FilePair[] = [];
  const unpaired: string[] = [];
  let differently = 0;
  let unlabeled = 0;
  for (const [name, image] of images) {
    const labelFile = labels.get(name);
    if (labelFile === undefined) {
      unlabeled++;
      if (!skipUnlabeled) unpaired.push(`${image}: no labels; expected ${layout.expectedLabels(name)}`);
    } else {
      pairs.push({ name, image, labels: labelFile });
      if (composedDifferently(image, labelFile)) differently++;
    }
  }
  if (differently > 0) notes.push(`${dirname(pairs[0]?.labels ?? '')}: ${composedNote(differently)}`);
  if (skipUnlabeled && pairs.length === 0) {
    const [first = ''] = images.keys();
    unpaired.push(`no image has labels; expected files such as ${layout.expectedLabels(first)}`);
  } else if (skipUnlabeled && unlabeled > 0) {
    const folder = dirname(pairs[0]?.labels ?? '');
    notes.push(`${folder}: labels of ${pairs.length} of ${images.size} images; the others are left out`);
  }
  for (const [name, labelFile] of labels) {
    if (!images.has(name)) {
      unpaired.push(`${labelFile}: labels without an image; expected ${layout.expectedImage(name)}`);
    }
  }
  if (skipBadFiles) return leaveOutBrokenFiles({ ...nothing, pairs, skipped: unpaired });
  return { ...nothing, pairs, problems: [...problems, ...unpaired] };
}

/** Returns whether one of two file names has accents as characters of their own (NFD) and the other has not (NFC). */
export function composedDifferently(image: string, labels: string): boolean {
  const isComposed = (path: string) => basename(path) === basename(path).normalize('NFC');
  return isComposed(image) !== isComposed(labels);
}

/** Says how many images and label files have equal names that are stored differently. */
export function composedNote(count: number): string {
  const names = counted(count, 'image and its label file store', 'images and their label files store');
  return `${names} the accents of their name differently (NFC and NFD); they are paired as they look`;
}

/**
 * Moves each pair with a cut-off file to the skipped ones. Damage in the middle of a file shows only when it is decoded, and
 * is not found here.
 */
async function leaveOutBrokenFiles(listing: FileListing): Promise<FileListing> {
  const { pairs } = listing;
  const skipped = [...listing.skipped];
  const listed = [...listing.listed];
  const whole: FilePair[] = [];
  for (let start = 0; start < pairs.length; start += filesAtOnce) {
    const group = pairs.slice(start, start + filesAtOnce);
    const found = await Promise.all(group.map(async (pair) => ({ pair, file: await brokenFile(pair) })));
    for (const { pair, file } of found) {
      if (file === null) {
        whole.push(pair);
        continue;
      }
      skipped.push(`${file}: breaks off before its end; fetch it again`);
      // A broken file may be replaced by a whole one, which makes the listing outdated.
      listed.push(file);
    }
  }
  return { ...listing, pairs: whole, skipped, listed };
}

async function brokenFile({ image, labels }: FilePair): Promise<string | null> {
  if (!(await reachesEnd(image))) return image;
  return labels === null || (await reachesEnd(labels)) ? null : labels;
}

/** Joins the files of several splits in their order. It is a problem when bad files were left out and nothing remains. */
export function joinSplits(splits: readonly FileListing[]): FileListing {
  const pairs = splits.flatMap((split) => split.pairs);
  const skipped = splits.flatMap((split) => split.skipped);
  const problems = splits.flatMap((split) => split.problems);
  if (pairs.length === 0 && problems.length === 0) {
    problems.push(`${skipped[0]} (as are all of ${skipped.length} files: nothing is left)`);
  }
  return {
    pairs,
    skipped,
    problems,
    listed: splits.flatMap((split) => split.listed),
    notes: splits.flatMap((split) => split.notes),
  };
}
