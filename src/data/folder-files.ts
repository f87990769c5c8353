/** Which image of a dataset folder belongs to which label file. */

import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { DataError } from '../errors/index.js';
import type { FilePair } from './file-listing.js';

/** Where the files of one split are; see `FolderDataset`. */
export interface FolderLocation {
  readonly root: string;
  readonly split: string;
  /** The name of the folder of labels beside `images`, or null for images alone. */
  readonly labels: string | null;
}

export const imageExtensions: ReadonlySet<string> = new Set(['.jpg', '.jpeg', '.png', '.webp']);
export const labelExtensions: ReadonlySet<string> = new Set(['.png']);

/**
 * The samples of a split by stem, in the order of their names, and what is wrong with the folder: missing or empty
 * folders, images without labels, labels without an image, two images of one name.
 */
export async function pairFiles({ root, split, labels }: FolderLocation): Promise<{
  readonly pairs: readonly FilePair[];
  readonly problems: readonly string[];
}> {
  const imageFolder = join(root, 'images', split);
  const problems: string[] = [];
  const images = await listByStem(imageFolder, { extensions: imageExtensions, problems });
  if (images === null) return { pairs: [], problems };
  if (images.size === 0) {
    problems.push(`${imageFolder}: split '${split}' is empty; expected .jpg, .jpeg, .png or .webp images`);
    return { pairs: [], problems };
  }
  if (labels === null) {
    return { pairs: [...images].map(([name, image]) => ({ name, image, labels: null })), problems };
  }
  const labelFolder = join(root, labels, split);
  const labelFiles = await listByStem(labelFolder, { extensions: labelExtensions, problems });
  if (labelFiles === null) return { pairs: [], problems };
  const pairs: FilePair[] = [];
  for (const [name, image] of images) {
    const labelFile = labelFiles.get(name);
    if (labelFile === undefined) {
      problems.push(`${image}: no labels; expected ${join(labelFolder, `${name}.png`)}`);
    } else {
      pairs.push({ name, image, labels: labelFile });
    }
  }
  for (const [name, labelFile] of labelFiles) {
    if (!images.has(name))
      problems.push(`${labelFile}: labels without an image; expected ${name} in ${imageFolder}`);
  }
  return { pairs, problems };
}

/** One DataError for a list of problems: the first, and how many there are beside it. */
export function problemsError(problems: readonly string[]): DataError {
  const rest = problems.length - 1;
  return new DataError(rest > 0 ? `${problems[0]}\n(and ${rest} more)` : `${problems[0]}`);
}

/** Paths by stem, sorted by code units so that the order is the same everywhere; null when there is no folder. */
async function listByStem(
  folder: string,
  { extensions, problems }: { readonly extensions: ReadonlySet<string>; readonly problems: string[] },
): Promise<Map<string, string> | null> {
  const entries = await readdir(folder).catch(() => null);
  if (entries === null) {
    problems.push(`${folder}: no such folder; a dataset has images/SPLIT and LABELS/SPLIT folders`);
    return null;
  }
  const files = new Map<string, string>();
  for (const entry of entries.sort()) {
    const extension = extname(entry);
    if (!extensions.has(extension.toLowerCase()) || entry.startsWith('.')) continue;
    const stem = entry.slice(0, -extension.length);
    const other = files.get(stem);
    if (other === undefined) files.set(stem, join(folder, entry));
    else problems.push(`${join(folder, entry)}: has the same name as ${other}; keep one of the two`);
  }
  return files;
}
