/** Lists the files of a folder and its subfolders by name, and says which files are left out and why. */

import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { looksLikeImage } from '../images/image-formats.js';
import { isHidden } from './hidden.js';

/** Says what surrounds a sample's name in the names of its files: `mask_NAME.png` has the prefix `mask_`. */
export interface FileNaming {
  readonly prefix: string;
  readonly suffix: string;
}

/** Names files by their whole stem. */
export const plainNaming: FileNaming = { prefix: '', suffix: '' };

/** Holds the files of a folder. */
export interface FileTree {
  /**
   * Maps each name to its path. The name of a file in a subfolder begins with the subfolder, `city/NAME`, and letters with
   * accents are composed (NFC), as one system stores them as one character and another as two.
   */
  readonly files: ReadonlyMap<string, string>;
  /** Lists files whose name another file has. */
  readonly repeated: readonly { readonly path: string; readonly other: string }[];
  /** Lists files that look like images or labels but are not used. */
  readonly leftOut: readonly LeftOutFile[];
  /** Lists subfolders that cannot be read, with the error code of the system. */
  readonly unreadable: readonly { readonly path: string; readonly code: string }[];
  /** Lists the folder and all subfolders. */
  readonly folders: readonly string[];
}

/** Names a file that is not used: by its form, because its name lacks the prefix or suffix, or as it is a pipe or device. */
export interface LeftOutFile {
  readonly path: string;
  readonly why: 'form' | 'name' | 'special';
}

/** Configures `listTree`. */
export interface FileTreeOptions {
  readonly extensions: ReadonlySet<string>;
  readonly naming?: FileNaming;
  /** Lists subfolders too. */
  readonly subfolders?: boolean;
}

/** Lists extensions of label maps and images that tools for computing write. */
const arrayExtensions: ReadonlySet<string> = new Set(['.npy', '.npz', '.mat']);

/**
 * Lists a folder, in the order of its entries by code units, then its subfolders likewise.
 *
 * @throws {Error} of the file system when the folder itself cannot be read
 */
export async function listTree(
  folder: string,
  { extensions, naming = plainNaming, subfolders = false }: FileTreeOptions,
): Promise<FileTree> {
  const files = new Map<string, string>();
  const repeated: { path: string; other: string }[] = [];
  const leftOut: LeftOutFile[] = [];
  const unreadable: { path: string; code: string }[] = [];
  const folders: string[] = [];

  const addFile = (place: string, inner: string, entry: string): void => {
    const path = join(place, entry);
    const extension = extname(entry);
    if (!extensions.has(extension.toLowerCase())) {
      if (isExpected(entry)) leftOut.push({ path, why: 'form' });
      return;
    }
    const name = nameOf(entry.slice(0, entry.length - extension.length), naming);
    if (name === null) {
      leftOut.push({ path, why: 'name' });
      return;
    }
    const whole = `${inner}${name}`.normalize('NFC');
    const other = files.get(whole);
    if (other === undefined) files.set(whole, path);
    else repeated.push({ path, other });
  };

  const visit = async (place: string, inner: string): Promise<void> => {
    const entries = await readdir(place, { withFileTypes: true });
    folders.push(place);
    const below: string[] = [];
    for (const entry of entries.sort(byName)) {
      if (isHidden(entry.name)) continue;
      if (await isFolder(entry, { place, extensions })) below.push(entry.name);
      else if (isSpecial(entry)) leftOut.push({ path: join(place, entry.name), why: 'special' });
      else addFile(place, inner, entry.name);
    }
    for (const name of subfolders ? below : []) {
      const path = join(place, name);
      await visit(path, `${inner}${name}/`).catch((error: NodeJS.ErrnoException) => {
        unreadable.push({ path, code: error.code ?? error.message });
      });
    }
  };
  await visit(folder, '');
  return { files, repeated, leftOut, unreadable, folders };
}

/** Returns whether an entry is a pipe, a socket or a device, which reading could wait for without end. */
function isSpecial(entry: Dirent): boolean {
  return entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice();
}

/** Returns whether a person expects a file of this name to be used. */
function isExpected(name: string): boolean {
  return looksLikeImage(name) || arrayExtensions.has(extname(name).toLowerCase());
}

/** Returns what remains of a stem without prefix and suffix, or null when it lacks one of them or nothing remains. */
function nameOf(stem: string, { prefix, suffix }: FileNaming): string | null {
  if (stem.length <= prefix.length + suffix.length) return null;
  if (!stem.startsWith(prefix) || !stem.endsWith(suffix)) return null;
  return stem.slice(prefix.length, stem.length - suffix.length);
}

/** Returns the name under `naming` of a file that has this name under the plain one, subfolders included; null for none. */
export function nameInTree(plainName: string, naming: FileNaming): string | null {
  const start = plainName.lastIndexOf('/') + 1;
  const name = nameOf(plainName.slice(start), naming);
  return name === null ? null : `${plainName.slice(0, start)}${name}`;
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

/** Returns whether an entry is a folder, or a link to one that does not contain the link. */
async function isFolder(
  entry: Dirent,
  { place, extensions }: { readonly place: string; readonly extensions: ReadonlySet<string> },
): Promise<boolean> {
  if (entry.isDirectory()) return true;
  // A link with the extension of a file leads to a file; looking at each would be slow for thousands of links.
  if (entry.isFile() || extensions.has(extname(entry.name).toLowerCase())) return false;
  const path = join(place, entry.name);
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return false;
  const [here, target] = await Promise.all([realpath(place), realpath(path)]);
  return !`${here}${sep}`.startsWith(`${target}${sep}`);
}
