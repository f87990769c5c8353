/** Files of a folder by name, in an order that is the same everywhere: that of code units. */

import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';

export interface ListingOptions {
  /** Takes a line for a missing folder, and for each file whose name another has too. */
  readonly problems: string[];
  /** Which folders a dataset has, for the message that this one is missing. */
  readonly layout: string;
  /** Takes every folder that is listed. */
  readonly folders?: string[];
}

/** Paths by stem; null when there is no such folder. */
export async function listByStem(
  folder: string,
  { extensions, problems, layout, folders }: ListingOptions & { readonly extensions: ReadonlySet<string> },
): Promise<Map<string, string> | null> {
  folders?.push(folder);
  const entries = await readdir(folder).catch(() => null);
  if (entries === null) {
    problems.push(`${folder}: no such folder; ${layout}`);
    return null;
  }
  const files = new Map<string, string>();
  for (const entry of entries.sort()) {
    const extension = extname(entry);
    if (!extensions.has(extension.toLowerCase()) || entry.startsWith('.')) continue;
    add(files, { name: entry.slice(0, -extension.length), path: join(folder, entry), problems });
  }
  return files;
}

/**
 * Paths of the files in all folders of `folder`, by what stands before their suffix. A file with a later suffix counts
 * only where none of an earlier one has its name. Null when there is no such folder.
 */
export async function listBySuffix(
  folder: string,
  { suffixes, problems, layout, folders: listed }: ListingOptions & { readonly suffixes: readonly string[] },
): Promise<Map<string, string> | null> {
  listed?.push(folder);
  const inner = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (inner === null) {
    problems.push(`${folder}: no such folder; ${layout}`);
    return null;
  }
  const folders = inner.filter((entry) => !entry.isFile() && !entry.name.startsWith('.'));
  const chosen = new Map<string, string>();
  for (const name of folders.map((entry) => entry.name).sort()) {
    listed?.push(join(folder, name));
    const entries = await readdir(join(folder, name)).catch(({ code }: NodeJS.ErrnoException) => {
      // A link to a file is no folder; one that should be read and cannot must not pass for an empty one.
      if (code !== 'ENOTDIR') problems.push(`${join(folder, name)}: the folder cannot be read (${code})`);
      return [];
    });
    for (const file of preferred(entries.sort(), suffixes)) {
      add(chosen, { ...file, path: join(folder, name, file.entry), problems });
    }
  }
  return chosen;
}

/** The entries that end in a suffix, one for each name. */
function preferred(
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
  { name, path, problems }: { readonly name: string; readonly path: string; readonly problems: string[] },
): void {
  const other = files.get(name);
  if (other === undefined) files.set(name, path);
  else problems.push(`${path}: has the same name as ${other}; keep one of the two`);
}
