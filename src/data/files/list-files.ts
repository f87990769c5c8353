/** Lists the files of folders by name, sorted by code units, so that the order is the same on every machine. */

import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type FileTreeOptions, type LeftOutFile, listTree, plainNaming } from './file-tree.js';
import { isHidden } from './hidden.js';

/** Collects what a listing depends on and what is wrong with it. */
export interface ListingNotes {
  /** Receives one line for each missing folder, and for each file whose name another file has. */
  readonly problems: string[];
  /** Receives every folder that was listed. */
  readonly listed: string[];
  /** Receives one line, with the path, for each thing that a person should know although it prevents nothing. */
  readonly notes: string[];
}

/** Returns the paths of the files with these extensions by name (see `listTree`), or null when the folder is missing. */
export async function listByStem(
  folder: string,
  {
    layout,
    notes,
    ...options
  }: FileTreeOptions & {
    /** Describes the expected folders, for the message that this one is missing. */
    readonly layout: string;
    readonly notes: ListingNotes;
  },
): Promise<ReadonlyMap<string, string> | null> {
  notes.listed.push(folder);
  const tree = await listTree(folder, options).catch((error: NodeJS.ErrnoException) => {
    notes.problems.push(missingFolder(folder, { error, layout }));
    return null;
  });
  if (tree === null) return null;
  notes.listed.push(...tree.folders.slice(1));
  for (const { path, other } of tree.repeated) notes.problems.push(sameName(path, other));
  for (const { path, code } of tree.unreadable) notes.problems.push(unreadableFolder(path, code));
  const left = leftOutText(tree.leftOut, options);
  if (left !== null) notes.notes.push(`${folder}: ${left}`);
  return tree.files;
}

const special = 'special';

/** Says how many files are left out and why, or returns null when none is. */
export function leftOutText(
  leftOut: readonly LeftOutFile[],
  { extensions, naming = plainNaming }: Pick<FileTreeOptions, 'extensions' | 'naming'>,
): string | null {
  if (leftOut.length === 0) return null;
  const byForm = new Map<string, number>();
  for (const { path, why } of leftOut) {
    const form = why === 'form' ? extname(path).toLowerCase() : why === 'special' ? special : '';
    byForm.set(form, (byForm.get(form) ?? 0) + 1);
  }
  const reasons = [...byForm].map(([form, count]) =>
    form === special
      ? `${count} no file but a pipe, socket or device`
      : form === ''
        ? `${count} not named ${naming.prefix}NAME${naming.suffix}`
        : `${count} ${form}, which is not among ${[...extensions].join(', ')}`,
  );
  const files = leftOut.length === 1 ? '1 file is' : `${leftOut.length} files are`;
  return `${files} left out: ${reasons.join('; ')}`;
}

function missingFolder(
  folder: string,
  { error, layout }: { readonly error: NodeJS.ErrnoException; readonly layout: string },
): string {
  const { code = error.message } = error;
  if (code === 'ENOENT') return `${folder}: no such folder; ${layout}`;
  if (code === 'ENOTDIR') return `${folder}: not a folder; ${layout}`;
  return unreadableFolder(folder, code);
}

/** Says that a folder cannot be read, with the error code of the system, and what to do. */
export function unreadableFolder(folder: string, code: string): string {
  const advice = code === 'EACCES' || code === 'EPERM' ? '; allow reading it, or run as its owner' : '';
  return `${folder}: the folder cannot be read (${code})${advice}`;
}

/**
 * Returns the paths of the files in all subfolders of `folder` by what precedes their suffix, or null when the folder is
 * missing. Of several files with one name, the one with the earliest suffix in `suffixes` is used.
 */
export async function listBySuffix(
  folder: string,
  {
    suffixes,
    layout,
    notes,
  }: {
    readonly suffixes: readonly string[];
    /** Describes the expected folders, for the message that this one is missing. */
    readonly layout: string;
    readonly notes: ListingNotes;
  },
): Promise<Map<string, string> | null> {
  notes.listed.push(folder);
  const inner = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    notes.problems.push(missingFolder(folder, { error, layout }));
    return null;
  });
  if (inner === null) return null;
  const folders = inner.filter((entry) => !entry.isFile() && !isHidden(entry.name));
  const chosen = new Map<string, string>();
  for (const name of folders.map((entry) => entry.name).sort()) {
    const subfolder = join(folder, name);
    notes.listed.push(subfolder);
    const entries = await readdir(subfolder).catch(({ code }: NodeJS.ErrnoException) => {
      // A link to a file is not a folder, but an unreadable folder must not pass for an empty one.
      if (code !== 'ENOTDIR') notes.problems.push(unreadableFolder(subfolder, code ?? 'unknown'));
      return [];
    });
    for (const file of firstBySuffix(entries.sort(), suffixes)) {
      add(chosen, { name: file.name, path: join(subfolder, file.entry), notes });
    }
  }
  return chosen;
}

/** Returns the entries with one of the suffixes, one for each name. */
function firstBySuffix(
  entries: readonly string[],
  suffixes: readonly string[],
): { readonly name: string; readonly entry: string }[] {
  const byName = new Map<string, string>();
  for (const suffix of suffixes) {
    for (const entry of entries) {
      if (!entry.endsWith(suffix) || isHidden(entry)) continue;
      const name = entry.slice(0, -suffix.length);
      if (!byName.has(name)) byName.set(name, entry);
    }
  }
  return [...byName].map(([name, entry]) => ({ name, entry }));
}

function add(
  files: Map<string, string>,
  { name, path, notes }: { readonly name: string; readonly path: string; readonly notes: ListingNotes },
): void {
  const other = files.get(name);
  if (other === undefined) files.set(name, path);
  else notes.problems.push(sameName(path, other));
}

function sameName(path: string, other: string): string {
  return `${path}: has the same name as ${other}; keep one of the two`;
}
