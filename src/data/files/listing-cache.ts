/**
 * Keeps the listings of large datasets between runs, as a network disk takes minutes to list and check 600 000 files. The
 * modification time of a folder changes whenever a file in it is added, removed or renamed. A listing is reused only while
 * every path it depends on has the time and inode it had then: all its folders, and the files that were left out because
 * they were cut off.
 */

import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { FileError } from '../../errors/index.js';
import { cacheFolder, writeFileAtomically } from '../../files/index.js';
import type { FileListing } from './list-split.js';
import { PairTable, type SharedFiles } from './pair-table.js';

/** Returns the size from which on datasets are kept; smaller ones are listed anew in seconds. */
function leastPairs(): number {
  const given = Number.parseFloat(process.env.COARSELY_KEEP_LISTINGS_FROM ?? '');
  return Number.isNaN(given) ? 20_000 : given;
}

// Must be raised whenever the same folders would be listed differently.
const format = 3;
/** A folder that changed this recently may change again without its time telling, as file systems count in steps. */
const settledMilliseconds = 2000;

/** Holds the listing of a dataset in which no problem was found. */
export interface KeptListing extends Pick<FileListing, 'skipped' | 'listed' | 'notes'> {
  readonly pairs: PairTable;
  /** Is true when all files were checked and none had a problem. */
  readonly checked: boolean;
}

interface Entry {
  readonly format: number;
  readonly key: string;
  readonly listed: readonly string[];
  readonly states: readonly string[];
  readonly pairs: SharedFiles;
  readonly skipped: readonly string[];
  readonly notes: readonly string[];
  readonly checked: boolean;
}

/** Returns the folder of kept listings: `$XDG_CACHE_HOME/coarsely/listings`, by default in `~/.cache`. */
export function listingCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return cacheFolder('listings', environment);
}

/**
 * Returns the listing of a dataset, or null when none was kept or a folder has changed since. `key` identifies the dataset:
 * its kind and options.
 */
export async function findListing(key: Readonly<Record<string, unknown>>): Promise<KeptListing | null> {
  const { path, text } = placeOf(key);
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) return null;
  try {
    const entry = deserialize(bytes) as Entry;
    if (entry.format !== format || entry.key !== text) return null;
    const states = await statesOf(entry.listed);
    if (states === null || states.some(({ state }, place) => state !== entry.states[place])) return null;
    const { skipped, notes, listed, checked } = entry;
    return { pairs: new PairTable(shared(entry.pairs)), skipped, notes, listed, checked };
  } catch {
    // A damaged entry, or one of another version, counts as none.
    return null;
  }
}

/**
 * Keeps a listing whose folders were read from the time `began` (milliseconds since the epoch) on. Does nothing for a small
 * dataset, for folders that changed since or shortly before, and where the cache cannot be written.
 */
export async function keepListing(
  key: Readonly<Record<string, unknown>>,
  listing: KeptListing & { readonly began: number },
): Promise<void> {
  const { pairs, skipped, notes, checked, listed, began } = listing;
  if (pairs.length < leastPairs()) return;
  const states = await statesOf(listed);
  if (states === null || states.some(({ changed }) => began - changed < settledMilliseconds)) return;
  const { path, text } = placeOf(key);
  const entry: Entry = {
    format,
    key: text,
    listed,
    states: states.map(({ state }) => state),
    pairs: owned(pairs.content),
    skipped,
    notes,
    checked,
  };
  try {
    writeFileAtomically(path, [serialize(entry)], { createFolder: true, shared: true });
  } catch (error) {
    // Without the cache the next run takes longer, and nothing else changes.
    if (!(error instanceof FileError)) throw error;
  }
}

function placeOf(key: Readonly<Record<string, unknown>>): { readonly path: string; readonly text: string } {
  const { root } = key;
  const text = JSON.stringify({ ...key, root: typeof root === 'string' ? resolve(root) : root });
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return { path: join(listingCacheFolder(), name), text };
}

async function statesOf(
  paths: readonly string[],
): Promise<{ readonly state: string; readonly changed: number }[] | null> {
  const states = await Promise.all(paths.map((path) => stat(path, { bigint: true }).catch(() => null)));
  const found = states.filter((state) => state !== null);
  if (found.length < paths.length) return null;
  return found.map(({ dev, ino, mtimeNs, mtimeMs }) => ({
    state: `${dev} ${ino} ${mtimeNs}`,
    changed: Number(mtimeMs),
  }));
}

/** Copies a table into memory that threads can share. */
function shared({ names, offsets, forms, patterns }: SharedFiles): SharedFiles {
  const copies = {
    names: new Uint8Array(new SharedArrayBuffer(names.byteLength)),
    offsets: new Uint32Array(new SharedArrayBuffer(offsets.byteLength)),
    forms: new Uint32Array(new SharedArrayBuffer(forms.byteLength)),
  };
  copies.names.set(names);
  copies.offsets.set(offsets);
  copies.forms.set(forms);
  return { ...copies, patterns };
}

/** Copies a table into memory that can be serialized to a file. */
function owned({ names, offsets, forms, patterns }: SharedFiles): SharedFiles {
  return {
    names: Uint8Array.from(names),
    offsets: Uint32Array.from(offsets),
    forms: Uint32Array.from(forms),
    patterns,
  };
}
