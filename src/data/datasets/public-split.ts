/** A split of a public dataset in its official layout: its files matched, its bad ones left out, several read as one. */

import { join } from 'node:path';
import { settleBadFiles } from '../files/bad-files.js';
import type { FileListing } from '../files/file-listing.js';
import { type FilesByName, matchFiles, unlabeled } from '../files/match-files.js';

/** What listing leaves behind: lines for what is wrong, and every folder that was listed. */
export interface ListingNotes {
  readonly problems: string[];
  readonly folders: string[];
}

/** Where the files of a split are, and how they are listed. A list that is null has left a line in `problems`. */
export interface PublicSplit {
  readonly imageFolder: string;
  /** null to read images alone. */
  readonly labelFolder: string | null;
  listImages(notes: ListingNotes): Promise<FilesByName | null>;
  listLabels(notes: ListingNotes, labelFolder: string): Promise<FilesByName | null>;
  /** What an image file is called, below the folder of images. */
  imageName(name: string): string;
  /** What a label file is called, below the folder of labels. */
  labelName(name: string): string;
}

type SplitFiles = Pick<FileListing, 'pairs' | 'problems' | 'skipped' | 'listed'>;

/** Lists a split; with `skip`, bad files are left out, see `settleBadFiles`. */
export async function listPublicSplit(
  split: PublicSplit,
  { skip }: { readonly skip: boolean },
): Promise<SplitFiles> {
  const { imageFolder, labelFolder } = split;
  const problems: string[] = [];
  const folders: string[] = [];
  const notes = { problems, folders };
  const images = await split.listImages(notes);
  if (images?.size === 0) problems.push(`${imageFolder}: no image; expected ${split.imageName('NAME')}`);
  const labels = labelFolder === null ? null : await split.listLabels(notes, labelFolder);
  if (images === null || images.size === 0) return { pairs: [], problems, skipped: [], listed: folders };
  if (labelFolder === null) return { pairs: unlabeled(images).pairs, problems, skipped: [], listed: folders };
  if (labels === null) return { pairs: [], problems, skipped: [], listed: folders };
  const matched = matchFiles(
    { images, labels },
    {
      labels: (name) => join(labelFolder, split.labelName(name)),
      image: (name) => join(imageFolder, split.imageName(name)),
    },
  );
  const { broken, ...settled } = await settleBadFiles(matched, { skip });
  return {
    ...settled,
    problems: [...problems, ...settled.problems],
    listed: [...folders, ...broken],
  };
}

/** The files of several splits, in their order. It is a problem when bad files were left out and nothing remains. */
export function joinSplits(splits: readonly SplitFiles[]): SplitFiles {
  const pairs = splits.flatMap((split) => split.pairs);
  const skipped = splits.flatMap((split) => split.skipped);
  const problems = splits.flatMap((split) => split.problems);
  if (pairs.length === 0 && problems.length === 0) {
    problems.push(`${skipped[0]} (as are all of ${skipped.length} files: nothing is left)`);
  }
  return { pairs, skipped, problems, listed: splits.flatMap((split) => split.listed) };
}
