/** Lists the files that a person wants to import. */

import { type Dirent, existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, sep } from 'node:path';
import { hasImageExtension, isHidden, unreadableFolder } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import { recordName } from './import-record.js';
import type { ImportSource, ReadOptions } from './importer.js';

const archives: ReadonlySet<string> = new Set(['.zip', '.tar', '.gz', '.tgz', '.7z', '.rar', '.xz', '.bz2']);

/**
 * Returns the files at a path: all below a folder, without hidden ones, or the one file that it names.
 *
 * @throws {DataError} when there is nothing, the folder cannot be read, or the file is an archive
 */
export async function listSource(
  path: string,
  {
    onFinding = () => {},
    most = Number.POSITIVE_INFINITY,
  }: Partial<Pick<ReadOptions, 'onFinding'>> & {
    /** Ends the listing at so many files, where it only serves to recognize them. */
    readonly most?: number;
  } = {},
): Promise<ImportSource> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw new DataError(unreadableFolder(path, cause.code ?? cause.message));
    throw new DataError(`${path}: no such file or folder; expected what an annotation tool exported`);
  });
  if (found.isDirectory()) return { path, root: path, files: await filesBelow(path, { onFinding, most }) };
  if (archives.has(extname(path).toLowerCase())) {
    throw new DataError(`${path}: is an archive; unpack it and import the folder`);
  }
  return { path, root: dirname(path), files: [basename(path)] };
}

/** Returns the paths of all files below a folder, relative to it and with `/`, sorted by code units. */
async function filesBelow(
  root: string,
  { onFinding, most }: Pick<ReadOptions, 'onFinding'> & { readonly most: number },
): Promise<string[]> {
  const files: string[] = [];
  const visit = async (folder: string, inner: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    if (inner !== '' && isImported(entries)) {
      const message = 'a folder that is a dataset which an import wrote is left out';
      onFinding({ code: 'imported-dataset', message, example: folder });
      return;
    }
    for (const entry of entries) {
      if (files.length >= most) return;
      if (isHidden(entry.name)) continue;
      const kind = await kindOf(entry, folder);
      if (kind === 'file') files.push(`${inner}${entry.name}`);
      if (kind !== 'folder') continue;
      const place = join(folder, entry.name);
      await visit(place, `${inner}${entry.name}/`).catch((error: NodeJS.ErrnoException) => {
        if (error instanceof DataError) throw error;
        onFinding({
          code: 'unreadable-folder',
          message: 'a folder that cannot be read is left out',
          example: `${place} (${error.code ?? error.message})`,
        });
      });
    }
  };
  await visit(root, '').catch((error: NodeJS.ErrnoException) => {
    throw new DataError(unreadableFolder(root, error.code ?? error.message), { cause: error });
  });
  return files.sort((a, b) => (a < b ? -1 : 1));
}

/**
 * Returns whether a folder is what an import wrote. Its images are those that were imported, so that beside the originals each
 * name would be there twice.
 */
function isImported(entries: readonly Dirent[]): boolean {
  const names = new Set(entries.map(({ name }) => name));
  return [recordName, 'classes.json', 'images'].every((name) => names.has(name));
}

/** Tells files and folders from what is neither, such as pipes, links to nothing, and links to a folder around the link. */
async function kindOf(entry: Dirent, folder: string): Promise<'file' | 'folder' | null> {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  if (!entry.isSymbolicLink()) return null;
  const path = join(folder, entry.name);
  // Looking at each link would be slow for thousands of images.
  if (hasImageExtension(entry.name)) return existsSync(path) ? 'file' : null;
  const found = await stat(path).catch(() => null);
  if (found?.isFile()) return 'file';
  if (!found?.isDirectory()) return null;
  const [here, target] = await Promise.all([realpath(folder), realpath(path)]);
  return `${here}${sep}`.startsWith(`${target}${sep}`) ? null : 'folder';
}
