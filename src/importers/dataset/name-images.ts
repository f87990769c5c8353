/** Gives images the names that they have in a dataset: their own, with folders only where these are needed. */

import { extname, posix, relative } from 'node:path';
import type { ImportFinding } from '../importer.js';
import type { ScannedImage } from './scan-images.js';

/** Holds an image with its place in the dataset. */
export interface NamedImage extends ScannedImage {
  readonly name: string;
  readonly datasetSplit: string;
}

/**
 * Returns the path of an image relative to one of the folders that images come from, without extension, in composed letters.
 * Images that are stored inside of annotations lie where these do.
 */
export function originOf(
  { path, embedded, fileName, source }: ScannedImage,
  roots: readonly string[],
): string {
  const file = embedded
    ? posix.join(posix.dirname(source), posix.basename(fileName.replaceAll('\\', '/')))
    : path;
  const origin = roots.map((root) => relative(root, file)).find(isInside) ?? posix.basename(file);
  return origin.slice(0, origin.length - extname(origin).length).normalize('NFC');
}

function isInside(path: string): boolean {
  return path !== '' && !path.startsWith('..') && !posix.isAbsolute(path);
}

/**
 * Returns images with their names. In a split in which all names are different without folders they have none; in the others
 * they keep the folders below the one that is common to all. What still has the name of another gets a number, which is
 * reported.
 *
 * @param origins paths without extension, of each image
 */
export function nameImages(
  images: readonly ScannedImage[],
  {
    origins,
    splits,
    onFinding,
  }: {
    readonly origins: readonly string[];
    readonly splits: readonly string[];
    readonly onFinding: (finding: ImportFinding) => void;
  },
): NamedImage[] {
  const named: NamedImage[] = new Array(images.length);
  for (const split of new Set(splits)) {
    const own = images.flatMap((_, index) => (splits[index] === split ? [index] : []));
    const bases = own.map((index) => visible(posix.basename(origins[index] as string)));
    const needsFolders = new Set(bases.map(folded)).size < bases.length;
    const folders = own.map((index) => posix.dirname(origins[index] as string));
    const common = commonFolder(folders);
    const taken = new Set<string>();
    for (const [place, index] of own.entries()) {
      const inner = needsFolders ? (folders[place] as string).split('/').slice(common) : [];
      const wanted = [...inner.filter((part) => part !== '.'), bases[place] as string].join('/');
      const name = freeName(wanted, taken);
      const image = images[index] as ScannedImage;
      if (name !== wanted) {
        onFinding({
          code: 'same-name',
          message: 'an image with the name of another gets a number behind its own',
          example: `${image.embedded ? image.source : image.path} (${name})`,
        });
      }
      named[index] = { ...image, name, datasetSplit: split };
    }
  }
  return named;
}

/** Returns a name that no listing hides, and that holds nothing which a terminal or file system reads as more than a name. */
function visible(name: string): string {
  const plain = name.replaceAll(/\p{Cc}/gu, '_').replace(/^\./, '_');
  return plain === '' ? 'image' : plain;
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(folded(name)); number++) name = `${wanted}-${number}`;
  taken.add(folded(name));
  return name;
}

/** Returns a name as file systems compare it that take capitals and small letters as the same. */
function folded(name: string): string {
  return name.toLowerCase();
}

/** Counts the first parts that all folders have in common. */
function commonFolder(folders: readonly string[]): number {
  const [first = '', ...others] = folders.map((folder) => folder.split('/'));
  let count = 0;
  while (count < first.length && others.every((parts) => parts[count] === first[count])) count++;
  return count;
}
