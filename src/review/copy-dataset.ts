/**
 * Puts a dataset into a new folder beside what was changed of it: images as links, as nobody writes into them, and label files
 * as copies, so that whoever edits one in the new folder leaves the old one alone.
 */

import { mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, extname, join, sep } from 'node:path';
import { findNaming, imageExtensions, isHidden, labelExtensions, listTree } from '../data/internal.js';
import { copyDurably, linkFile, type Placement } from '../files/index.js';

/** Says what was put into a new folder. */
export interface CopiedDataset {
  /** Counts the images by how they came there. */
  readonly images: Readonly<Record<Placement, number>>;
  /** Names the folders of labels and points that were taken along. */
  readonly folders: readonly string[];
  /** Names the files and folders of the dataset that are no part of it for this program, and stayed behind. */
  readonly leftBehind: readonly string[];
}

const imageFolder = 'images';
/** Lists the extensions of what describes a dataset in words or numbers. */
const describing: ReadonlySet<string> = new Set(['', '.csv', '.json', '.md', '.txt', '.yaml', '.yml']);
const longestDescription = 2 ** 24;
const filesAtOnce = 16;

/** Fills `output` with what a dataset holds, except for files that are there already. */
export async function copyDataset(
  root: string,
  {
    output,
    written,
    copyImages,
    signal,
    onProgress,
  }: {
    readonly output: string;
    /** Lists the files that are in `output` already, by their paths in it. */
    readonly written: ReadonlySet<string>;
    /** Copies images instead of linking them. */
    readonly copyImages: boolean;
    readonly signal?: AbortSignal;
    readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void;
  },
): Promise<CopiedDataset> {
  const { folders, files, leftBehind } = await partsOf(root);
  const images = await filesBelow(root, imageFolder);
  const labels: string[] = [];
  for (const folder of folders) labels.push(...(await filesBelow(root, folder)));
  const copied = [...files, ...labels].filter((path) => !written.has(path));
  const total = images.length + copied.length;
  let done = 0;
  const placements: Record<Placement, number> = { 'hard link': 0, 'symbolic link': 0, copy: 0 };
  const place = async (path: string, how: 'link' | 'copy'): Promise<Placement> => {
    signal?.throwIfAborted();
    const target = join(output, path);
    await mkdir(dirname(target), { recursive: true });
    const source = join(root, path);
    if (how === 'link') return linkFile(source, { target });
    await copyDurably(source, { target });
    return 'copy';
  };
  await inGroups(images, async (path) => {
    placements[await place(path, copyImages ? 'copy' : 'link')]++;
    onProgress({ done: ++done, total });
  });
  await inGroups(copied, async (path) => {
    await place(path, 'copy');
    onProgress({ done: ++done, total });
  });
  return { images: placements, folders, leftBehind };
}

/** Sorts what lies in the folder of a dataset: folders of labels, files that describe it, and the rest. */
async function partsOf(root: string): Promise<{ folders: string[]; files: string[]; leftBehind: string[] }> {
  const [folders, files, leftBehind]: [string[], string[], string[]] = [[], [], []];
  const images = await imageNames(root);
  for (const name of (await readdir(root)).sort()) {
    if (isHidden(name) || name === imageFolder) continue;
    const facts = await stat(join(root, name)).catch(() => null);
    if (facts?.isDirectory()) {
      if (await holdsLabels(join(root, name), images)) folders.push(name);
      else leftBehind.push(`${name}/`);
    } else if (facts?.isFile() && facts.size <= longestDescription && describing.has(extname(name))) {
      files.push(name);
    } else {
      leftBehind.push(name);
    }
  }
  return { folders, files, leftBehind };
}

/** Returns the names of the images of each split; the split `.` has those that lie in no folder of a split. */
async function imageNames(root: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, string[]>();
  const { files } = await listTree(join(root, imageFolder), {
    extensions: imageExtensions,
    subfolders: true,
  });
  for (const name of files.keys()) {
    const end = name.indexOf('/');
    const split = end < 0 ? '.' : name.slice(0, end);
    const known = names.get(split) ?? [];
    names.set(split, known);
    known.push(name.slice(end + 1));
  }
  return names;
}

/** Tells whether a folder holds label files or points of the images of some split. */
async function holdsLabels(folder: string, images: ReadonlyMap<string, readonly string[]>): Promise<boolean> {
  const extensions = new Set([...labelExtensions, '.json']);
  for (const [split, names] of images) {
    const tree = await listTree(join(folder, split), { extensions, subfolders: split !== '.' }).catch(
      () => null,
    );
    if (tree === null || tree.files.size === 0) continue;
    if (names.some((name) => tree.files.has(name))) return true;
    if (findNaming(names, [...tree.files.keys()]) !== null) return true;
  }
  return false;
}

/** Lists the files below a folder by their paths from `root`; links to folders are followed unless they lead back. */
async function filesBelow(root: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  const above = await realpath(join(root, folder));
  const visit = async (inner: string, parents: readonly string[]): Promise<void> => {
    for (const name of (await readdir(join(root, inner))).sort()) {
      if (isHidden(name)) continue;
      const path = join(inner, name);
      const facts = await stat(join(root, path)).catch(() => null);
      if (facts?.isFile()) found.push(path);
      if (!facts?.isDirectory()) continue;
      const real = await realpath(join(root, path));
      const leadsBack = parents.some((parent) => `${parent}${sep}`.startsWith(`${real}${sep}`));
      if (!leadsBack) await visit(path, [...parents, real]);
    }
  };
  await visit(folder, [above]);
  return found;
}

/** Works on some paths at once. After a failure none is in the making any more, so that the folder can be removed. */
async function inGroups(paths: readonly string[], work: (path: string) => Promise<void>): Promise<void> {
  for (let start = 0; start < paths.length; start += filesAtOnce) {
    const results = await Promise.allSettled(paths.slice(start, start + filesAtOnce).map(work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
