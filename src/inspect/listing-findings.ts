/** Words what the listing of a folder shows: files and folders that training would not use, and names that do not match. */

import { extname, relative } from 'node:path';
import {
  composedNote as composedWords,
  type FileTree,
  imageExtensions,
  leftOutText,
  namingOptions,
  type PairNaming,
  unreadableFolder,
} from '../data/internal.js';
import { counted } from '../format/index.js';
import type { Finding } from './dataset-inspection.js';
import type { ListedSplit } from './listed-split.js';

const shownExamples = 3;
/** Matches the names of splits that a person expects to be used. */
const expectedSplits = /^(train|val)/i;

/** Returns a finding for each folder that cannot be read. */
export function unreadable(root: string, folders: FileTree['unreadable']): Finding[] {
  return folders.map(({ path, code }) => ({
    code: 'unreadable-folder',
    split: null,
    labels: null,
    message: unreadableFolder(relative(root, path), code),
    remedy: 'nothing in it is used until it can be read',
    count: 0,
    examples: [],
  }));
}

interface TreeOfSplit {
  readonly split: string;
  readonly tree: FileTree;
}

/** Finds images of forms that are not read, unless the same image is there in another form; and splits of nothing else. */
export function leftOutImages(root: string, { split, tree }: TreeOfSplit): Finding[] {
  const leftOut = withoutTwin(tree);
  const common = { split, labels: null };
  const folder = relative(root, tree.folders[0] ?? root);
  if (leftOut.length > 0) {
    return [
      {
        code: 'left-out',
        ...common,
        message: `${folder}: ${leftOutText(leftOut, { extensions: imageExtensions })}`,
        remedy: 'convert them to JPEG or PNG, or move them out of the folder',
        count: leftOut.length,
        examples: examplesOf(root, leftOut),
      },
    ];
  }
  if (tree.files.size > 0 || !expectedSplits.test(split)) return [];
  return [
    {
      code: 'left-out',
      ...common,
      message: `${folder} has no image`,
      remedy: 'put the images of the split there, or remove the folder',
      count: 0,
      examples: [],
    },
  ];
}

/** Finds label files that are no PNGs and have no PNG beside them. */
export function leftOutLabels(
  root: string,
  { split, labels, tree }: TreeOfSplit & { readonly labels: string },
): Finding[] {
  const leftOut = withoutTwin(tree);
  if (leftOut.length === 0) return [];
  return [
    {
      code: 'labels-not-png',
      split,
      labels,
      message: `${counted(leftOut.length, 'label file is', 'label files are')} not PNG and left out`,
      remedy: 'export them as PNG; a JPEG changes values at every edge, so do not convert those',
      count: leftOut.length,
      examples: examplesOf(root, leftOut),
    },
  ];
}

function withoutTwin({ leftOut, files }: FileTree): FileTree['leftOut'] {
  const stems = new Set([...files.values()].map(withoutExtension));
  return leftOut.filter(({ path }) => !stems.has(withoutExtension(path)));
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}

function examplesOf(root: string, leftOut: FileTree['leftOut']): string[] {
  return leftOut.slice(0, shownExamples).map(({ path }) => relative(root, path));
}

/** Finds splits for training or evaluation that no folder of labels has, unless another finding tells why. */
export function splitsWithoutLabels(splits: readonly ListedSplit[], found: readonly Finding[]): Finding[] {
  const hasLabels = splits.some(({ labels }) => labels.size > 0);
  if (!hasLabels || found.some(({ code }) => code === 'unreadable-folder')) return [];
  return splits
    .filter(({ name, labels }) => labels.size === 0 && expectedSplits.test(name))
    .map(({ name, images }) => ({
      code: 'split-without-labels',
      split: name,
      labels: null,
      message: `images/${name} has ${counted(images.size, 'image')}, but no folder of labels has ${name}`,
      remedy: 'add the labels, or move the images out of the dataset',
      count: images.size,
      examples: [],
    }));
}

/** Says which option pairs images and label files whose names differ. */
export function namingNote(set: string, naming: PairNaming): string {
  const { images, labels } = naming;
  const named = ({ prefix, suffix }: PairNaming['images']) => `${prefix}NAME${suffix}`;
  const options = Object.entries(namingOptions(naming)).map(([key, value]) => `data.${key}=${value}`);
  return `${set}: label files are called ${named(labels)}.png and images ${named(images)}; paired by ${options.join(' ')}`;
}

/** Says how many names are stored differently. */
export function composedNote(count: number): string {
  return composedWords(count);
}

/** Reports that there are no splits. */
export function withoutSplits(labelSets: readonly string[]): Finding {
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

/** Reports that a folder of labels has no PNG. */
export function notPng(folder: string): Finding {
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
export function unmatchedSplits(
  labelTrees: ReadonlyMap<string, ReadonlyMap<string, FileTree>>,
  { splits, root }: { readonly splits: readonly string[]; readonly root: string },
): Finding[] {
  return [...labelTrees].flatMap(([labels, bySplit]) =>
    [...bySplit]
      .filter(([split]) => !splits.includes(split))
      .map(([split, { files }]) => ({
        code: 'labels-without-image' as const,
        split,
        labels,
        message:
          split === '.'
            ? `label files lie directly in ${labels}/`
            : `there is ${labels}/${split}, but no images/${split}`,
        remedy: `splits need the same name in images/ and ${labels}/; images/ has ${splits.join(', ')}`,
        count: files.size,
        examples: [...files.values()].slice(0, 2).map((path) => relative(root, path)),
      })),
  );
}
