/** Finds labels to name where those of a config are not there. */

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { labelExtensions } from '../data/internal.js';
import type { ComponentSection } from '../registry/index.js';
import type { DatasetPartName } from './data-section.js';

/** Limits the folders that a message names. */
const shownFolders = 4;

/**
 * Returns the setting that names a folder of labels, with the folders that are there, as one line; none where the labels of the
 * part are there, and where no others are.
 */
export async function otherLabels(
  { kind, root, labels, split }: ComponentSection,
  part: DatasetPartName,
): Promise<string[]> {
  if (kind !== 'folder') return [];
  if (typeof root !== 'string' || typeof labels !== 'string' || typeof split !== 'string') return [];
  if ((await namesIn(path.join(root, labels, split))).length > 0) return [];
  const found: string[] = [];
  for (const folder of await namesIn(root)) {
    if (folder === labels || folder === 'images') continue;
    const files = await namesIn(path.join(root, folder, split));
    if (files.some((file) => labelExtensions.has(path.extname(file).toLowerCase()))) found.push(folder);
  }
  const [first] = found;
  if (first === undefined) return [];
  const others = found.length > 1 ? ` (others: ${found.slice(1, shownFolders).join(', ')})` : '';
  return [
    `the labels of '${split}' that are there are in ${first}: --set data.${part}.labels=${first}${others}; coarsely check ${root} ` +
      'prints the whole command',
  ];
}

/** Returns the names in a folder in alphabetical order; none where it cannot be read. */
async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}
