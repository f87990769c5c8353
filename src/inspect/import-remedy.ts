/** Recognizes what an annotation tool exported, and says how to make a dataset of it. */

import { basename, dirname, join, parse, resolve } from 'node:path';
import { hasImageExtension } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import { shellWord } from '../format/index.js';
import { listSource } from '../importers/index.js';
import { recognizedFormats } from '../importers/internal.js';

/** A person may check a folder of any size, of which so much tells what it is. */
const mostFiles = 20_000;

/** Returns the command that imports a folder, with what the folder looks like; null where no annotation tool is recognized. */
export async function importRemedy(root: string): Promise<string | null> {
  return remedyText(await formatsAt(root), { path: root, name: basename(resolve(root)) });
}

/**
 * Returns the command that imports the folder of a file where the folder is of the same tool, as the images and further files of
 * annotations mostly lie there, or else the file alone; null where no annotation tool is recognized.
 */
export async function importRemedyOfFile(file: string): Promise<string | null> {
  // One picture in a folder of masks or photos says nothing; a list such as data.yaml does by the files around it.
  if (hasImageExtension(file)) return null;
  const ofTool = ({ importer }: Recognized[number]): boolean => importer.general !== true;
  const folder = dirname(file);
  const [ofFile, ofFolder] = [
    (await formatsAt(file)).filter(ofTool),
    (await formatsAt(folder)).filter(ofTool),
  ];
  const [tool] = ofFolder;
  const isOfFolder = ofFolder.length === 1 && ofFile.every(({ importer }) => importer === tool?.importer);
  return isOfFolder
    ? remedyText(ofFolder, { path: folder, name: basename(resolve(folder)) })
    : remedyText(ofFile, { path: file, name: parse(file).name });
}

type Recognized = Awaited<ReturnType<typeof recognizedFormats>>;

async function formatsAt(path: string): Promise<Recognized> {
  // An archive is refused before anything in it is looked at.
  const source = await listSource(path, { most: mostFiles }).catch((error: unknown) => {
    if (error instanceof DataError) return null;
    throw error;
  });
  return source === null ? [] : recognizedFormats(source);
}

function remedyText(
  found: Recognized,
  { path, name }: { readonly path: string; readonly name: string },
): string | null {
  const [first, second] = found;
  if (first === undefined) return null;
  const output = join(dirname(resolve(path)), `${name}-dataset`);
  const command = `coarsely import ${shellWord(path)} ${shellWord(output)}`;
  if (second === undefined) {
    return `this looks like ${first.importer.title} (${first.by}): ${command}`;
  }
  const formats = found.map(({ importer }) => importer.format);
  return `this may come from several annotation tools: ${command} --format ${formats.join('|')}`;
}
