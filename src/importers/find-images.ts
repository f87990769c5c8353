/**
 * Finds the images that files of annotations name. They name them as they lay on the machine of the annotator: with `..`,
 * with backslashes, absolutely, without an extension. A name never leads out of the folders that the person gave.
 */

import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, join, posix, relative, sep } from 'node:path';
import { hasImageExtension, imageExtensions, isHidden } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import type { ImportSource, ReadOptions } from './importer.js';

/** Says where a name comes from and where else its image may lie. */
export interface NamedImage {
  /** Is the name as the file of annotations has it. */
  readonly name: string;
  /** Is the path of the file of annotations. */
  readonly file: string;
  /** Says where the name stands in that file, for messages: `images[3]`. */
  readonly place?: string;
  /**
   * Lists folders, relative to that of the file and to the source, in which the tool puts images: `images`, `images/train`.
   * They are looked into before the folder of the file.
   */
  readonly folders?: readonly string[];
  /** Is the name without extension of an image beside the file, used where nothing else is found. */
  readonly stem?: string;
}

/** Finds images below a source, and below the folder that a person names for them. */
export interface ImageFinder {
  /**
   * Returns the path of an image, or null when it is not there. Reports a finding when the name leads out of the source, when
   * several images fit, and when an image of that name was taken from elsewhere.
   */
  find(image: NamedImage): Promise<string | null>;
}

/**
 * Prepares the search for the images of a source.
 *
 * @throws {DataError} when the folder of images that a person names cannot be read
 */
export async function findImages(
  source: ImportSource,
  { images, onFinding }: ReadOptions,
): Promise<ImageFinder> {
  const places = [await listed(source)];
  if (images !== null) places.push(await walked(images));
  const roots = await Promise.all(places.map(({ root }) => realpath(root).catch(() => root)));
  return { find: (image) => search(image, { source, places, roots, onFinding }) };
}

/** Holds the images of a folder by their paths relative to it. */
interface ImagePlace {
  readonly root: string;
  /** Maps paths in composed form (NFC) to paths as the system stores them. */
  readonly byPath: ReadonlyMap<string, string>;
  /** Maps names in small letters, as some systems tell no difference, to the composed paths of the images. */
  readonly byName: ReadonlyMap<string, readonly string[]>;
  /** Is false where only a file was given: what lies beside it is looked up by its path. */
  readonly complete: boolean;
}

async function listed({ path, root, files }: ImportSource): Promise<ImagePlace> {
  const isFile = await stat(path).then(
    (found) => !found.isDirectory(),
    () => false,
  );
  return isFile ? { ...indexed(root, []), complete: false } : indexed(root, files);
}

async function walked(folder: string): Promise<ImagePlace> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((file) => !file.split('/').some(isHidden))
      .sort();
    return indexed(folder, files);
  } catch (cause) {
    throw new DataError(`${folder}: cannot be read as the folder of images; check --images`, { cause });
  }
}

function indexed(root: string, files: readonly string[]): ImagePlace {
  const byPath = new Map<string, string>();
  const byName = new Map<string, string[]>();
  for (const file of files) {
    if (!hasImageExtension(file)) continue;
    const composed = file.normalize('NFC');
    byPath.set(composed, file);
    const name = posix.basename(composed).toLowerCase();
    const others = byName.get(name);
    if (others === undefined) byName.set(name, [composed]);
    else others.push(composed);
  }
  return { root, byPath, byName, complete: true };
}

interface Search {
  readonly source: ImportSource;
  readonly places: readonly ImagePlace[];
  readonly roots: readonly string[];
  readonly onFinding: ReadOptions['onFinding'];
}

async function search(image: NamedImage, context: Search): Promise<string | null> {
  const { source, places, roots, onFinding } = context;
  const where = relative(source.root, image.file).split(sep).join('/') || basename(image.file);
  const example = image.place === undefined ? where : `${where}: ${image.place}`;
  const report = (code: string, message: string): null => {
    onFinding({ code, message, example: `${example}: ${shortened(image.name)}` });
    return null;
  };
  const named = normalized(image.name);
  if (named === null) return report('unusable-name', 'an image without a usable name is not looked for');
  const here = posix.dirname(where);
  const wanted = pathsOf({ ...image, ...named, here });
  let outside = named.rooted || wanted.some(isAbove);
  for (const place of places) {
    for (const path of wanted) {
      const found = isAbove(path) ? null : await lookUp(place, path);
      if (found === null) continue;
      if (await leadsInside(found, roots)) return found;
      outside = true;
    }
  }
  // The folder that the person names comes first, and nothing has to be said where the image is in it.
  for (const place of [...places].reverse()) {
    const guess = elsewhere(named.path, place);
    if (guess === 'several') {
      return report('ambiguous-image', 'several images fit the name of an image, and none is taken');
    }
    if (guess === null || !(await leadsInside(guess, roots))) continue;
    if (place === places[0]) {
      report('image-elsewhere', 'an image is not where the file says; the only one of its name is taken');
    }
    return guess;
  }
  const beside = image.stem === undefined ? null : await besideFile(image.stem, { here, places });
  if (beside !== null && (await leadsInside(beside, roots))) {
    report('image-by-file-name', 'an image is not there; the one with the name of its annotations is taken');
    return beside;
  }
  return outside
    ? report('image-outside', 'an image lies outside of what was given; name its folder with --images')
    : null;
}

interface NormalName {
  readonly path: string;
  /** Says whether the name began at the root of another machine's files, or is a URL. */
  readonly rooted: boolean;
}

/** Returns a name with slashes; null for one that can be no path. */
function normalized(name: string): NormalName | null {
  const slashes = name.normalize('NFC').replaceAll('\\', '/').trim();
  const bare = slashes.replace(/^[A-Za-z]:(?=\/)|^[a-z][\w+.-]*:\/\//, '');
  const path = posix.normalize(bare.replace(/^\/+/, ''));
  if (path.includes('\0') || ['', '.', '..'].includes(path) || path.endsWith('/')) return null;
  return { path, rooted: bare !== slashes || bare.startsWith('/') };
}

/** Lists the places of an image relative to a root, the likeliest first. Of a rooted name only the last part counts. */
function pathsOf({
  path,
  here,
  folders = [],
  rooted,
}: Pick<NamedImage, 'folders'> & NormalName & { readonly here: string }): string[] {
  const bases = [...folders.flatMap((folder) => [posix.join(here, folder), folder]), here, '.'];
  const name = rooted ? posix.basename(path) : path;
  return [...new Set(bases.map((base) => posix.join(base, name)))];
}

function isAbove(path: string): boolean {
  return path.startsWith('../');
}

/** Returns the path of a file of that place, with an image's extension where its name has none. */
async function lookUp(place: ImagePlace, path: string): Promise<string | null> {
  const candidates = hasImageExtension(path)
    ? [path]
    : [...imageExtensions].flatMap((extension) => [
        `${path}${extension}`,
        `${path}${extension.toUpperCase()}`,
      ]);
  for (const candidate of candidates) {
    const stored = place.byPath.get(candidate);
    if (stored !== undefined) return join(place.root, stored);
    if (place.complete) continue;
    const beside = join(place.root, candidate);
    if (await isFile(beside)) return beside;
  }
  return null;
}

/** Returns the image of the longest common end of the path: null for none, `several` where more fit as well. */
function elsewhere(path: string, { root, byName, byPath }: ImagePlace): string | 'several' | null {
  const parts = path.toLowerCase().split('/').reverse();
  let longest = 0;
  let best: string | 'several' | null = null;
  for (const candidate of byName.get(parts[0] as string) ?? []) {
    const own = candidate.toLowerCase().split('/').reverse();
    const different = parts.findIndex((part, index) => own[index] !== part);
    const common = different === -1 ? parts.length : different;
    if (common < longest) continue;
    best = common === longest ? 'several' : join(root, byPath.get(candidate) as string);
    longest = common;
  }
  return best;
}

async function besideFile(
  stem: string,
  { here, places }: { readonly here: string; readonly places: readonly ImagePlace[] },
): Promise<string | null> {
  if (extname(stem) !== '' && hasImageExtension(stem)) return null;
  for (const place of places) {
    const found = await lookUp(place, posix.join(here, stem).normalize('NFC'));
    if (found !== null) return found;
  }
  return null;
}

/** Returns whether a file lies in one of the folders, also when it is a link. */
async function leadsInside(path: string, roots: readonly string[]): Promise<boolean> {
  const real = await realpath(path).catch(() => null);
  return real !== null && roots.some((root) => real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`));
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

const longestName = 120;

function shortened(name: string): string {
  return name.length > longestName ? `…${name.slice(-longestName)}` : name;
}
