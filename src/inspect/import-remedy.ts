/** Recognizes what an annotation tool exported, and says how to make a dataset of it. */

import { resolve } from 'node:path';
import { shellWord } from '../format/index.js';
import { listSource } from '../importers/index.js';
import { recognizedFormats } from '../importers/internal.js';

/** A person may check a folder of any size, of which so much tells what it is. */
const mostFiles = 20_000;

/** Returns the command that imports a folder, with what the folder looks like; null where no annotation tool is recognized. */
export async function importRemedy(root: string): Promise<string | null> {
  const found = await recognizedFormats(await listSource(root, { most: mostFiles }));
  const [first, second] = found;
  if (first === undefined) return null;
  const command = `coarsely import ${shellWord(root)} ${shellWord(`${resolve(root)}-dataset`)}`;
  if (second === undefined) {
    return `this looks like ${first.importer.title} (${first.by}): ${command}`;
  }
  const formats = found.map(({ importer }) => importer.format);
  return `this may come from several annotation tools: ${command} --format ${formats.join('|')}`;
}
