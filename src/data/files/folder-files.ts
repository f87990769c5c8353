/** Which image of a dataset folder belongs to which label file. */

import { join } from 'node:path';
import { DataError } from '../../errors/index.js';
import { listByStem } from './list-files.js';
import { type MatchedFiles, matchFiles, unlabeled } from './match-files.js';

/** Where the files of one split are; see the dataset kind `folder`. */
export interface FolderLocation {
  readonly root: string;
  readonly split: string;
  /** The name of the folder of labels beside `images`, or null for images alone. */
  readonly labels: string | null;
}

const layout = 'a dataset has images/SPLIT and LABELS/SPLIT folders';
export const imageExtensions: ReadonlySet<string> = new Set(['.jpg', '.jpeg', '.png', '.webp']);
export const labelExtensions: ReadonlySet<string> = new Set(['.png']);

/**
 * The samples of a split by stem, in the order of their names, and what is wrong with the folder: missing or empty
 * folders, images without labels, labels without an image, two images of one name. `folders` takes those that were listed.
 */
export async function pairFiles(
  { root, split, labels }: FolderLocation,
  { folders = [] }: { readonly folders?: string[] } = {},
): Promise<MatchedFiles> {
  const imageFolder = join(root, 'images', split);
  const problems: string[] = [];
  const images = await listByStem(imageFolder, { extensions: imageExtensions, problems, layout, folders });
  if (images === null) return { pairs: [], problems };
  if (images.size === 0) {
    problems.push(`${imageFolder}: split '${split}' is empty; expected .jpg, .jpeg, .png or .webp images`);
    return { pairs: [], problems };
  }
  if (labels === null) return { pairs: unlabeled(images).pairs, problems };
  const labelFolder = join(root, labels, split);
  const labelFiles = await listByStem(labelFolder, {
    extensions: labelExtensions,
    problems,
    layout,
    folders,
  });
  if (labelFiles === null) return { pairs: [], problems };
  const matched = matchFiles(
    { images, labels: labelFiles },
    { labels: (name) => join(labelFolder, `${name}.png`), image: (name) => `${name} in ${imageFolder}` },
  );
  return { pairs: matched.pairs, problems: [...problems, ...matched.problems] };
}

/** One DataError for a list of problems: the first, and how many there are beside it. */
export function problemsError(problems: readonly string[]): DataError {
  const rest = problems.length - 1;
  return new DataError(rest > 0 ? `${problems[0]}\n(and ${rest} more)` : `${problems[0]}`);
}
