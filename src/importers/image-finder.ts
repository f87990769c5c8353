/**
 * Finds the image files that files of annotations name. Such names come from other machines and cannot be trusted: only files
 * of the source, or of the folder that a person names, are ever found, whatever a name says.
 */

import { join, posix } from 'node:path';
import { hasImageExtension } from '../data/internal.js';
import type { ImportSource, ReadOptions } from './importer.js';
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
   * and from the folders that the tool uses, and then anywhere by as much of its path as agrees. Of several names that a tool
   * gives an image, the first that leads to a file counts.
   */
  find(names: string | readonly string[], { from, folders = [] }: ImageReference): string | null {
    const wanted = (typeof names === 'string' ? [names] : names).map(plainPath).filter((name) => name !== '');
    for (const name of wanted) {
      for (const place of [posix.dirname(from), ...folders, '.', 'images']) {
        const path = this.#source.paths.get(posix.normalize(posix.join(place, name)));
        if (path !== undefined) return join(this.#source.root, path);
      }
      const given = this.#images?.paths.get(posix.normalize(name));
      if (this.#images !== null && given !== undefined) return join(this.#images.root, given);
    }
    for (const name of wanted) {
      for (const folder of [this.#images, this.#source]) {
        const path = folder === null ? null : this.#bySuffix(folder, { name, from, folders });
        if (folder !== null && path !== null) return join(folder.root, path);
      }
    }
    return null;
  }

  /** Returns the file whose path ends as the name does, in as many folders as possible; null where several do equally. */
  #bySuffix(
    { byName }: ImageFolder,
    { name, from, folders = [] }: ImageReference & { readonly name: string },
  ): string | null {
    const candidates = byName.get(posix.basename(name).toLowerCase()) ?? [];
    if (candidates.length <= 1) return candidates[0] ?? null;
    const places = [posix.dirname(from), ...folders].map((place) => place.normalize('NFC'));
    const best = mostBy(candidates, (path) => commonEnd(path.normalize('NFC'), name));
    const near = mostBy(best, (path) =>
      Math.max(...places.map((place) => commonStart(path.normalize('NFC'), place))),
    );
    if (near.length === 1) return near[0] ?? null;
    this.#onFinding({
      code: 'ambiguous-image',
      message: 'several images have the name that the annotations give, and none is taken',
      example: `${from}: ${name} (${near.slice(0, 2).join(', ')})`,
    });
    return null;
  }
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

/** Returns a name with `/` and composed letters. A path of another machine, `C:\data\a.jpg`, keeps only its last folders. */
function plainPath(name: string): string {
  return name
    .normalize('NFC')
    .replaceAll('\\', '/')
    .replace(/^([a-z]+:)?\/+/i, '');
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
