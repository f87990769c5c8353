/** Finds splits and labels to name where those of a config are not there. */

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { labelExtensions } from '../data/internal.js';
import { shellWord } from '../format/index.js';
import type { ComponentSection } from '../registry/index.js';
import type { DatasetPartName } from './data-section.js';

/** Limits the folders that a message names. */
const shownFolders = 4;

/**
 * Returns a line with the setting that names what is there, where the split of a part has no folder, or where its labels have
 * none; no line where both are there, and where there is nothing else.
 */
export async function otherFolders(
  { kind, root, labels, split }: ComponentSection,
  part: DatasetPartName,
): Promise<string[]> {
  if (kind !== 'folder') return [];
  if (typeof root !== 'string' || typeof labels !== 'string' || typeof split !== 'string') return [];
  const found = existsSync(path.join(root, 'images', split))
    ? await otherLabels({ root, labels, split })
    : await otherSplits({ root, labels, split });
  const [first, ...others] = found.names;
  if (first === undefined) return [];
  const more = others.length > 0 ? ` (others: ${others.slice(0, shownFolders).join(', ')})` : '';
  return [
    `${found.what} ${first}: --set data.${part}.${found.key}=${first}${more}; coarsely check ${shellWord(root)} prints the whole command`,
  ];
}

interface PartPlace {
  readonly root: string;
  readonly labels: string;
  readonly split: string;
}

interface FoundFolders {
  readonly key: 'labels' | 'split';
  readonly what: string;
  readonly names: readonly string[];
}

/** Returns the folders that have labels of the split; none where the labels of the part are there. */
async function otherLabels({ root, labels, split }: PartPlace): Promise<FoundFolders> {
  const what = `the labels of '${split}' that are there are in`;
  if (existsSync(path.join(root, labels, split))) return { key: 'labels', what, names: [] };
  const names: string[] = [];
  for (const folder of await namesIn(root)) {
    if (folder === 'images') continue;
    const files = await namesIn(path.join(root, folder, split));
    if (files.some((file) => labelExtensions.has(path.extname(file).toLowerCase()))) names.push(folder);
  }
  return { key: 'labels', what, names };
}

/** Returns the splits that are there, those that have labels of the part first. */
async function otherSplits({ root, labels }: PartPlace): Promise<FoundFolders> {
  const names: string[] = [];
  for (const name of await namesIn(path.join(root, 'images'))) {
    if ((await namesIn(path.join(root, 'images', name))).length > 0) names.push(name);
  }
  const isLabeled = (name: string): boolean => existsSync(path.join(root, labels, name));
  return {
    key: 'split',
    what: 'the images that are there are in the split',
    names: [...names.filter(isLabeled), ...names.filter((name) => !isLabeled(name))],
  };
}

/** Returns the names in a folder in alphabetical order; none where it cannot be read. */
async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}
