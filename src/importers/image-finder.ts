/**
 * Finds the image files that files of annotations name. Such names come from other machines and cannot be trusted: only files
 * of the source, or of the folder that a person names, are ever found, whatever a name says and wherever a link leads.
 */

import { realpathSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { hasImageExtension, imageExtensions } from '../data/internal.js';
import type { ImportFinding, ImportSource, ReadOptions } from './importer.js';
import { listSource } from './list-source.js';

/** Says from where an image is looked for. */
export interface ImageReference {
  /** Is the path of the file of annotations, relative to the root of the source. */
  readonly from: string;
  /** Lists folders, relative to the root, in which the tool keeps images: `images/train`. */
  readonly folders?: readonly string[];
}

interface ImageFolder {
  readonly root: string;
  /** Maps paths relative to the root, in composed letters (NFC), to those of the file system. */
  readonly paths: ReadonlyMap<string, string>;
  /** Maps names of files, in composed small letters, to the paths with that name. */
  readonly byName: ReadonlyMap<string, readonly string[]>;
}

/** Finds images by the names that files of annotations give them. */
export class ImageFinder {
  readonly #source: ImageFolder;
  readonly #images: ImageFolder | null;
  readonly #onFinding: ReadOptions['onFinding'];
  readonly #realRoots: readonly string[];
  readonly #found = new Set<string>();
  readonly #setAside = new Set<string>();

  private constructor(
    source: ImageFolder,
    {
      images,
      onFinding,
    }: { readonly images: ImageFolder | null; readonly onFinding: ReadOptions['onFinding'] },
  ) {
    this.#source = source;
    this.#images = images;
    this.#onFinding = onFinding;
    this.#realRoots = [source, images].flatMap((folder) =>
      folder === null ? [] : [realpathSync(folder.root)],
    );
  }

  /**
   * Lists the images of a source and those of the folder of images.
   *
   * @throws {DataError} when the folder of images cannot be read
   */
  static async create(
    source: ImportSource,
    { images, onFinding }: Pick<ReadOptions, 'images' | 'onFinding'>,
  ): Promise<ImageFinder> {
    // Beside a single file lie its images.
    const { files } = source.path === source.root ? source : await listSource(source.root, { onFinding });
    return new ImageFinder(imageFolder(source.root, files), {
      images: images === null ? null : imageFolder(images, (await listSource(images, { onFinding })).files),
      onFinding,
    });
  }

  /**
   * Returns the path of an image, or null when there is none. It is looked for as its name says, from the file of annotations
   * and from the folders that the tool uses, and then anywhere by as much of its path as agrees, which is reported. Of several
   * names that a tool gives an image, the first that leads to a file counts. A name without extension fits every image.
   */
  find(names: string | readonly string[], reference: ImageReference): string | null {
    const found = this.#search(names, reference);
    if (found !== null) this.#found.add(found);
    return found;
  }

  #search(names: string | readonly string[], reference: ImageReference): string | null {
    const { from, folders = [] } = reference;
    const wanted = (typeof names === 'string' ? [names] : names)
      .map(plainName)
      .filter(({ path }) => path !== '');
    let leadsOut = false;
    let ambiguous: string | null = null;
    const inside = (path: string | null): string | null => {
      if (path === null || this.#isInside(path)) return path;
      leadsOut = true;
      return null;
    };
    for (const { path: name, rooted } of wanted) {
      for (const place of [posix.dirname(from), ...folders, '.', 'images']) {
        const path = posix.normalize(posix.join(place, name));
        if (rooted || path.startsWith('../')) leadsOut = true;
        const found = inside(lookUp(this.#source, path));
        if (found !== null) return found;
      }
      const given = inside(this.#images === null ? null : lookUp(this.#images, posix.normalize(name)));
      if (given !== null) return given;
    }
    for (const { path: name } of wanted) {
      for (const folder of [this.#images, this.#source]) {
        if (folder === null) continue;
        const [path, other] = bySuffix(folder, { name, from, folders });
        if (other !== undefined) ambiguous ??= `${from}: ${name} (${path}, ${other})`;
        if (path === undefined || other !== undefined) continue;
        const found = inside(join(folder.root, path));
        if (found === null) continue;
        // In a folder that a person named for the images nothing was guessed.
        if (folder === this.#source) this.#report('image-elsewhere', `${from}: ${name} (${path})`);
        return found;
      }
    }
    // One line says what is to be done.
    if (ambiguous !== null) this.#report('ambiguous-image', ambiguous);
    else if (leadsOut) this.#report('image-outside', `${from}: ${wanted[0]?.path}`);
    return null;
  }

  /**
   * Keeps the images that a damaged file of annotations may be about out of `unused`, as somebody did annotate them: those with
   * one of the names, whatever their extension, in the folders that agree most with that of the file. Nothing is reported.
   */
  setAside(names: readonly string[], { from }: ImageReference): void {
    for (const folder of [this.#source, this.#images]) {
      if (folder === null) continue;
      for (const name of names.map((given) => plainName(given).path)) {
        const stem = stemNameOf(name);
        const alike = [...folder.paths.values()].filter((path) => stemNameOf(path) === stem);
        if (stem === '' || alike.length === 0) continue;
        for (const path of nearestTo(alike, { name, places: [posix.dirname(from)] })) {
          this.#setAside.add(join(folder.root, path));
        }
      }
    }
  }

  /**
   * Lists the images that lie beside found ones and were not found themselves, pictures that nobody annotated: their paths, and
   * those relative to the source or to the folder of images.
   */
  unused(): { readonly path: string; readonly file: string }[] {
    const folders = new Set([...this.#found].map((path) => dirname(path)));
    // The folder of images can lie inside the source.
    const unused = new Map<string, string>();
    for (const folder of [this.#source, this.#images]) {
      for (const file of folder?.paths.values() ?? []) {
        const path = join(folder?.root ?? '', file);
        if (!folders.has(dirname(path)) || this.#found.has(path) || this.#setAside.has(path)) continue;
        if (!unused.has(path)) unused.set(path, file);
      }
    }
    return [...unused].map(([path, file]) => ({ path, file }));
  }

  #report(code: keyof typeof messages, example: string): void {
    this.#onFinding({ code, message: messages[code], example });
  }

  /** Returns whether a file lies in one of the folders, also when it is a link. */
  #isInside(path: string): boolean {
    try {
      const real = realpathSync(path);
      return this.#realRoots.some((root) => real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`));
    } catch {
      return false;
    }
  }
}

/** Returns the files whose path ends as the name does, in as many folders as possible: several where they do equally. */
function bySuffix(
  { byName }: ImageFolder,
  { name, from, folders = [] }: ImageReference & { readonly name: string },
): readonly string[] {
  const candidates = byName.get(posix.basename(name).toLowerCase()) ?? [];
  if (candidates.length <= 1) return candidates;
  return nearestTo(candidates, { name, places: [posix.dirname(from), ...folders] });
}

const messages = {
  'ambiguous-image':
    'several images have the name that the annotations give, and none is taken; --images names the folder of the right one',
  'image-elsewhere': 'an image is not where its annotations say; the one of that name is taken',
  'image-outside': 'an image lies outside of what is imported; name its folder with --images',
} as const;

/** Returns whether a finding says why an image was not found. */
export function isUnfound({ code }: ImportFinding): boolean {
  return code === 'ambiguous-image' || code === 'image-outside';
}

/** Returns the path of the image at a path relative to the folder, with any extension where the path has none. */
function lookUp({ root, paths }: ImageFolder, path: string): string | null {
  const stored = paths.get(path) ?? null;
  if (stored !== null || hasImageExtension(path)) return stored === null ? null : join(root, stored);
  for (const extension of imageExtensions) {
    const found = paths.get(`${path}${extension}`) ?? paths.get(`${path}${extension.toUpperCase()}`);
    if (found !== undefined) return join(root, found);
  }
  return null;
}

function imageFolder(root: string, files: readonly string[]): ImageFolder {
  const images = files.filter(hasImageExtension);
  const byName = new Map<string, string[]>();
  for (const path of images) {
    const key = posix.basename(path).normalize('NFC').toLowerCase();
    const others = byName.get(key);
    if (others === undefined) byName.set(key, [path]);
    else others.push(path);
  }
  return { root, paths: new Map(images.map((path) => [path.normalize('NFC'), path])), byName };
}

/** Is a name with `/` and composed letters. */
interface PlainName {
  readonly path: string;
  /** Says whether it is a path from the root of another machine, `C:\data\a.jpg`, or an address. */
  readonly rooted: boolean;
}

/** Returns a name whose path begins at no root, so that its last folders can be compared. */
function plainName(name: string): PlainName {
  const slashes = name.normalize('NFC').replaceAll('\\', '/').trim();
  const path = slashes.replace(/^([a-z][\w+.-]*:)?\/+/i, '');
  return { path, rooted: path !== slashes };
}

/** Returns the paths whose end agrees most with a name, and of these the ones that lie nearest to one of the places. */
function nearestTo(
  paths: readonly string[],
  { name, places }: { readonly name: string; readonly places: readonly string[] },
): readonly string[] {
  const composed = places.map((place) => place.normalize('NFC'));
  const best = mostBy(paths, (path) => commonEnd(path.normalize('NFC'), name));
  return mostBy(best, (path) =>
    Math.max(...composed.map((place) => commonStart(path.normalize('NFC'), place))),
  );
}

/** Returns the name of a file without folder and extension of an image, in composed small letters. */
function stemNameOf(path: string): string {
  const name = posix.basename(path).normalize('NFC').toLowerCase();
  return hasImageExtension(name) ? name.slice(0, name.length - posix.extname(name).length) : name;
}

function mostBy(paths: readonly string[], score: (path: string) => number): readonly string[] {
  const scores = paths.map(score);
  const most = Math.max(...scores);
  return paths.filter((_, index) => scores[index] === most);
}

/** Counts the last parts that two paths have in common. */
function commonEnd(a: string, b: string): number {
  return commonStart(a.split('/').reverse().join('/'), b.split('/').reverse().join('/'));
}

/** Counts the first parts that two paths have in common. */
function commonStart(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  let count = 0;
  while (count < left.length && count < right.length && left[count] === right[count]) count++;
  return count;
}
