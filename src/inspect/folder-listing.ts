/** Lists a dataset folder before any file is opened: its splits, its label folders, and pairs of files by name. */

import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { imageExtensions, labelExtensions } from '../data/internal.js';
import type { Finding } from './dataset-inspection.js';
import { FindingCollector } from './finding-collector.js';

/** Names the only split of a folder whose images are directly in `images`. */
export const noSplit = '.';

/** Maps stems to paths relative to the root. */
type FilesByStem = ReadonlyMap<string, string>;

/** Holds the files of one split. */
export interface ListedSplit {
  readonly name: string;
  readonly images: FilesByStem;
  /** Maps label folders to their files. */
  readonly labels: ReadonlyMap<string, FilesByStem>;
}

/** Holds the listed folder and what is wrong with it. */
export interface FolderListing {
  readonly splits: readonly ListedSplit[];
  readonly labelSets: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * Lists `ROOT/images/SPLIT` and `ROOT/LABELS/SPLIT`. Returns null when there is no `images` folder with an image in
 * it.
 */
export async function listFolder(root: string): Promise<FolderListing | null> {
  const splitNames = await splitsWith(root, { folder: 'images', extensions: imageExtensions });
  if (splitNames.length === 0) return null;
  const findings: Finding[] = [];
  const collector = new FindingCollector();
  const labelSets: string[] = [];
  const labelFiles = new Map<string, Map<string, FilesByStem>>();
  for (const folder of await foldersIn(root)) {
    if (folder === 'images') continue;
    const splits = await splitsWith(root, { folder, extensions: labelExtensions });
    if (splits.length === 0) {
      const otherForm = await splitsWith(root, { folder, extensions: imageExtensions });
      if (otherForm.some((split) => splitNames.includes(split))) findings.push(notPng(folder));
      continue;
    }
    labelSets.push(folder);
    const bySplit = new Map<string, FilesByStem>();
    for (const split of splits) {
      const list = listFiles(root, { folder: join(folder, split), extensions: labelExtensions });
      bySplit.set(
        split,
        await list.then(({ files, repeated }) => {
          for (const path of repeated)
            collector.add(split, { code: 'same-name', labels: folder, path, reason: '' });
          return files;
        }),
      );
    }
    labelFiles.set(folder, bySplit);
  }
  const splits: ListedSplit[] = [];
  for (const name of splitNames) {
    const { files, repeated } = await listFiles(root, {
      folder: join('images', name),
      extensions: imageExtensions,
    });
    for (const path of repeated) collector.add(name, { code: 'same-name', labels: null, path, reason: '' });
    const labels = new Map<string, FilesByStem>();
    for (const set of labelSets) {
      const stems = labelFiles.get(set)?.get(name);
      if (stems !== undefined) labels.set(set, stems);
    }
    splits.push({ name, images: files, labels });
  }
  if (splitNames.includes(noSplit)) findings.push(withoutSplits(labelSets));
  findings.push(...pairFindings(splits, collector), ...collector.findings());
  findings.push(...unmatchedSplits(labelFiles, splitNames));
  return { splits, labelSets, findings };
}

/** Returns the names of the subfolders in alphabetical order, without hidden ones. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  return entries.filter((entry) => isFolder(entry)).map(({ name }) => name);
}

/** Returns the subfolders that hold files with these extensions, and `noSplit` when the folder itself holds some. */
export async function splitsWith(
  root: string,
  { folder, extensions }: { readonly folder: string; readonly extensions: ReadonlySet<string> },
): Promise<string[]> {
  const splits: string[] = [];
  for (const split of [noSplit, ...(await foldersIn(join(root, folder)))]) {
    const entries = await entriesOf(join(root, folder, split));
    if (entries.some((entry) => hasExtension(entry, extensions))) splits.push(split);
  }
  return splits;
}

async function listFiles(
  root: string,
  { folder, extensions }: { readonly folder: string; readonly extensions: ReadonlySet<string> },
): Promise<{ readonly files: FilesByStem; readonly repeated: readonly string[] }> {
  const files = new Map<string, string>();
  const repeated: string[] = [];
  for (const entry of await entriesOf(join(root, folder))) {
    if (!hasExtension(entry, extensions)) continue;
    const stem = entry.name.slice(0, -extname(entry.name).length);
    const path = join(folder, entry.name);
    if (files.has(stem)) repeated.push(path);
    else files.set(stem, path);
  }
  return { files, repeated };
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Accepts links too: whether one leads to a folder shows when it is listed. */
function isFolder(entry: Dirent): boolean {
  return entry.isDirectory() || (entry.isSymbolicLink() && extname(entry.name) === '');
}

function hasExtension({ name }: Dirent, extensions: ReadonlySet<string>): boolean {
  return extensions.has(extname(name).toLowerCase());
}

/**
 * Finds images without labels and labels without an image, or the suffix that all label files have beyond their
 * image's name.
 */
function pairFindings(splits: readonly ListedSplit[], collector: FindingCollector): Finding[] {
  const findings: Finding[] = [];
  for (const { name: split, images, labels } of splits) {
    for (const [set, files] of labels) {
      const suffix = commonSuffix(images, files);
      if (suffix !== null) {
        findings.push(suffixFinding({ split, labels: set }, { suffix, files }));
        continue;
      }
      for (const [stem, path] of images) {
        if (!files.has(stem))
          collector.add(split, { code: 'image-without-labels', labels: set, path, reason: '' });
      }
      for (const [stem, path] of files) {
        if (!images.has(stem))
          collector.add(split, { code: 'labels-without-image', labels: set, path, reason: '' });
      }
    }
  }
  return findings;
}

/** Returns `_mask` when every label file is named like an image with this suffix and none like an image without it. */
function commonSuffix(images: FilesByStem, labels: FilesByStem): string | null {
  const stems = [...labels.keys()];
  const first = stems[0];
  if (first === undefined || stems.some((stem) => images.has(stem))) return null;
  for (let length = first.length - 1; length > 0; length--) {
    if (!images.has(first.slice(0, length))) continue;
    const suffix = first.slice(length);
    const fits = (stem: string) => stem.endsWith(suffix) && images.has(stem.slice(0, -suffix.length));
    return stems.every(fits) ? suffix : null;
  }
  return null;
}

function suffixFinding(
  part: { readonly split: string; readonly labels: string },
  { suffix, files }: { readonly suffix: string; readonly files: FilesByStem },
): Finding {
  return {
    code: 'image-without-labels',
    ...part,
    message: `label files are called NAME${suffix}.png, but the images NAME`,
    remedy: `an image and its labels share their name: rename the label files without '${suffix}'`,
    count: files.size,
    examples: [...files.values()].slice(0, 2),
  };
}

function withoutSplits(labelSets: readonly string[]): Finding {
  return {
    code: 'no-splits',
    split: null,
    labels: null,
    message: 'images lie directly in images/, which leaves no images to evaluate on',
    remedy:
      `move them into images/train and images/val` +
      `${labelSets.length === 0 ? '' : `, and ${labelSets.map((set) => `${set}/`).join(' and ')} likewise`}`,
    count: 0,
    examples: [],
  };
}

function notPng(folder: string): Finding {
  return {
    code: 'labels-not-png',
    split: null,
    labels: folder,
    message: `${folder}/ holds no PNG`,
    remedy: 'labels are PNGs; a JPEG changes values at every edge, so export them again rather than convert',
    count: 0,
    examples: [],
  };
}

/** Finds label folders of splits that the images don't have. */
function unmatchedSplits(
  labelFiles: ReadonlyMap<string, ReadonlyMap<string, FilesByStem>>,
  splits: readonly string[],
): Finding[] {
  return [...labelFiles].flatMap(([labels, bySplit]) =>
    [...bySplit]
      .filter(([split]) => !splits.includes(split))
      .map(([split, files]) => ({
        code: 'labels-without-image' as const,
        split,
        labels,
        message:
          split === noSplit
            ? `label files lie directly in ${labels}/`
            : `there is ${labels}/${split}, but no images/${split}`,
        remedy: `splits need the same name in images/ and ${labels}/; images/ has ${splits.join(', ')}`,
        count: files.size,
        examples: [...files.values()].slice(0, 2),
      })),
  );
}
