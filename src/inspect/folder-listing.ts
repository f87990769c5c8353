/** Lists a dataset in plain folders: splits, label folders, and what is left out or does not match by name. */

import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import type { PairNaming } from '../data/internal.js';
import {
  composedDifferently,
  type FileTree,
  findNaming,
  imageExtensions,
  isHidden,
  labelExtensions,
  listTree,
  nameInTree,
} from '../data/internal.js';
import type { Finding } from './dataset-inspection.js';
import { FindingCollector } from './finding-collector.js';
import type { FilesByName, ListedSplit } from './listed-split.js';
import * as findings from './listing-findings.js';

/** Names the only split of a folder whose images are directly in `images`. */
export const noSplit = '.';

/** Holds the listed folder and what is wrong with it. */
export interface FolderListing {
  readonly splits: readonly ListedSplit[];
  readonly labelSets: readonly string[];
  /** Says for each label folder what files add to the names that images and labels share. */
  readonly namings: ReadonlyMap<string, PairNaming>;
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/**
 * Lists `ROOT/images/SPLIT` and `ROOT/LABELS/SPLIT`, with the naming that is found where none is given. Returns null when
 * there is no `images` folder with an image in it.
 */
export async function listFolder(
  root: string,
  { naming: given = null }: { readonly naming?: PairNaming | null } = {},
): Promise<FolderListing | null> {
  const found: Finding[] = [];
  const collector = new FindingCollector();
  const images = await treesIn(root, {
    folder: 'images',
    extensions: imageExtensions,
    subfolders: () => true,
  });
  found.push(...findings.unreadable(root, images.unreadable));
  const used = [...images.trees].filter(([, { files }]) => files.size > 0);
  if (used.length === 0) return null;
  const splitNames = used.map(([split]) => split);
  for (const [split, tree] of images.trees) {
    found.push(...findings.leftOutImages(root, { split, tree }));
    reportRepeated(collector, { root, split, labels: null, tree });
  }
  const labelTrees = new Map<string, ReadonlyMap<string, FileTree>>();
  for (const folder of await foldersIn(root)) {
    if (folder === 'images') continue;
    const isSplit = (name: string) => splitNames.includes(name);
    const listed = await treesIn(root, { folder, extensions: labelExtensions, subfolders: isSplit });
    const { trees } = listed;
    found.push(
      ...findings.unreadable(
        root,
        listed.unreadable.filter(({ path }) =>
          isSplit(relative(join(root, folder), path).split('/')[0] ?? ''),
        ),
      ),
    );
    const named = [...trees].filter(([, { files }]) => files.size > 0);
    const matching = [...trees].filter(([split]) => isSplit(split));
    if (named.length === 0) {
      if (matching.some(([, { leftOut }]) => leftOut.length > 0)) found.push(findings.notPng(folder));
      continue;
    }
    for (const [split, tree] of matching) {
      found.push(...findings.leftOutLabels(root, { split, labels: folder, tree }));
    }
    for (const [split, tree] of named) reportRepeated(collector, { root, split, labels: folder, tree });
    labelTrees.set(folder, new Map(named));
  }
  const labelSets = [...labelTrees.keys()];
  const namings = new Map<string, PairNaming>();
  const notes: string[] = [];
  for (const set of labelSets) {
    const naming = given ?? namingOf(labelTrees.get(set), images.trees);
    if (naming === null) continue;
    namings.set(set, naming);
    if (given === null) notes.push(findings.namingNote(set, naming));
  }
  const splits = used.map(([name, tree]): ListedSplit => {
    const labels = new Map<string, FilesByName>();
    for (const set of labelSets) {
      const files = labelTrees.get(set)?.get(name)?.files;
      if (files !== undefined)
        labels.set(set, relabel(files, { images: tree.files, naming: namings.get(set), root }));
    }
    return { name, images: relativeTo(root, tree.files), labels };
  });
  if (splitNames.includes(noSplit)) found.push(findings.withoutSplits(labelSets));
  found.push(...findings.unmatchedSplits(labelTrees, { splits: splitNames, root }));
  found.push(...findings.splitsWithoutLabels(splits, found));
  reportUnpaired(splits, collector);
  found.push(...collector.findings());
  const differently = splits.flatMap(({ images: own, labels }) =>
    [...labels.values()].flatMap((files) =>
      [...files].filter(([name, path]) => own.has(name) && composedDifferently(own.get(name) ?? '', path)),
    ),
  ).length;
  if (differently > 0) notes.push(findings.composedNote(differently));
  return { splits, labelSets, namings, findings: found, notes };
}

/** Returns the names of the subfolders in alphabetical order, without hidden ones. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
  return entries
    .filter((entry) => !isHidden(entry.name) && isFolder(entry))
    .map(({ name }) => name)
    .sort((a, b) => (a < b ? -1 : 1));
}

/** Accepts links too: whether one leads to a folder shows when it is listed. */
function isFolder(entry: Dirent): boolean {
  return entry.isDirectory() || (entry.isSymbolicLink() && extname(entry.name) === '');
}

/** Returns the subfolders that hold files with these extensions, and `noSplit` when the folder itself holds some. */
export async function splitsWith(
  root: string,
  { folder, extensions }: { readonly folder: string; readonly extensions: ReadonlySet<string> },
): Promise<string[]> {
  const { trees } = await treesIn(root, { folder, extensions, subfolders: () => false });
  return [...trees].filter(([, { files }]) => files.size > 0).map(([split]) => split);
}

interface Trees {
  /** Maps splits to their files; `noSplit` is there when the folder itself holds some. */
  readonly trees: ReadonlyMap<string, FileTree>;
  readonly unreadable: FileTree['unreadable'];
}

/** Lists the files of each subfolder, and those directly in the folder. */
async function treesIn(
  root: string,
  {
    folder,
    extensions,
    subfolders,
  }: {
    readonly folder: string;
    readonly extensions: ReadonlySet<string>;
    /** Returns whether the subfolders of a split are listed too; a folder that is no dataset may be huge. */
    readonly subfolders: (split: string) => boolean;
  },
): Promise<Trees> {
  const trees = new Map<string, FileTree>();
  const unreadable: { path: string; code: string }[] = [];
  const note = (path: string) => (error: NodeJS.ErrnoException) => {
    // A link may lead to a file or nowhere.
    if (error.code !== 'ENOTDIR' && error.code !== 'ENOENT')
      unreadable.push({ path, code: error.code ?? '' });
    return null;
  };
  const place = join(root, folder);
  const own = await listTree(place, { extensions }).catch(note(place));
  if (own !== null && own.files.size > 0) trees.set(noSplit, own);
  for (const split of await foldersIn(place)) {
    const path = join(place, split);
    const tree = await listTree(path, { extensions, subfolders: subfolders(split) }).catch(note(path));
    if (tree === null) continue;
    trees.set(split, tree);
    unreadable.push(...tree.unreadable);
  }
  return { trees, unreadable };
}

function relativeTo(root: string, files: FilesByName): FilesByName {
  return new Map([...files].map(([name, path]) => [name, relative(root, path)]));
}

/** Returns the naming that the splits of a label folder have, or null when names are equal or do not match. */
function namingOf(
  labels: ReadonlyMap<string, FileTree> | undefined,
  images: ReadonlyMap<string, FileTree>,
): PairNaming | null {
  for (const [split, { files }] of labels ?? []) {
    const naming = findNaming([...(images.get(split)?.files.keys() ?? [])], [...files.keys()]);
    if (naming !== null) return naming;
  }
  return null;
}

/** Returns label files under the names of their images. */
function relabel(
  files: FilesByName,
  {
    images,
    naming,
    root,
  }: { readonly images: FilesByName; readonly naming: PairNaming | undefined; readonly root: string },
): FilesByName {
  if (naming === undefined) return relativeTo(root, files);
  const imageOf = new Map<string, string>();
  for (const name of images.keys()) {
    const shared = nameInTree(name, naming.images);
    if (shared !== null) imageOf.set(shared, name);
  }
  const relabeled = new Map<string, string>();
  for (const [plain, path] of files) {
    const shared = nameInTree(plain, naming.labels);
    // Files without prefix and suffix belong to another set of labels in the same folder.
    if (shared !== null) relabeled.set(imageOf.get(shared) ?? shared, relative(root, path));
  }
  return relabeled;
}

function reportRepeated(
  collector: FindingCollector,
  {
    root,
    split,
    labels,
    tree,
  }: {
    readonly root: string;
    readonly split: string;
    readonly labels: string | null;
    readonly tree: FileTree;
  },
): void {
  for (const { path } of tree.repeated) {
    collector.add(split, { code: 'same-name', labels, path: relative(root, path), reason: '' });
  }
}

/** Reports images without labels and labels without an image. */
function reportUnpaired(splits: readonly ListedSplit[], collector: FindingCollector): void {
  for (const { name: split, images, labels } of splits) {
    for (const [set, files] of labels) {
      for (const [name, path] of images) {
        if (!files.has(name))
          collector.add(split, { code: 'image-without-labels', labels: set, path, reason: '' });
      }
      for (const [name, path] of files) {
        if (!images.has(name))
          collector.add(split, { code: 'labels-without-image', labels: set, path, reason: '' });
      }
    }
  }
}
