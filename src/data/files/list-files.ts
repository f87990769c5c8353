/** Lists the files of folders by name, sorted by code units, so that the order is the same on every machine. */

import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** Collects what a listing depends on and what is wrong with it. */
export interface ListingNotes {
  /** Receives one line for each missing folder, and for each file whose name another file has. */
  readonly problems: string[];
  /** Receives every folder that was listed. */
  readonly listed: string[];
}

/** Returns the paths of the files with these extensions by stem, or null when the folder is missing. */
export async function listByStem(
  folder: string,
  {
    extensions,
    layout,
    notes,
  }: {
    readonly extensions: ReadonlySet<string>;
    /** Describes the expected folders, for the message that this one is missing. */
    readonly layout: string;
    readonly notes: ListingNotes;
  },
): Promise<Map<string, string> | null> {
  notes.listed.push(folder);
  const entries = await readdir(folder).catch(() => null);
  if (entries === null) {
    notes.problems.push(`${folder}: no such folder; ${layout}`);
    return null;
  }
  const files = new Map<string, string>();
  for (const entry of entries.sort()) {
    const extension = extname(entry);
    if (!extensions.has(extension.toLowerCase()) || entry.startsWith('.')) continue;
    add(files, { name: entry.slice(0, -extension.length), path: join(folder, entry), notes });
  }
  return files;
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
  const inner = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (inner === null) {
    notes.problems.push(`${folder}: no such folder; ${layout}`);
    return null;
  }
  const folders = inner.filter((entry) => !entry.isFile() && !entry.name.startsWith('.'));
  const chosen = new Map<string, string>();
  for (const name of folders.map((entry) => entry.name).sort()) {
    const subfolder = join(folder, name);
    notes.listed.push(subfolder);
    const entries = await readdir(subfolder).catch(({ code }: NodeJS.ErrnoException) => {
      // A link to a file is not a folder, but an unreadable folder must not pass for an empty one.
      if (code !== 'ENOTDIR') notes.problems.push(`${subfolder}: the folder cannot be read (${code})`);
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
      if (!entry.endsWith(suffix) || entry.startsWith('.')) continue;
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
  else notes.problems.push(`${path}: has the same name as ${other}; keep one of the two`);
}
