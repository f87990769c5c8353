/**
 * The listings of large datasets, kept between runs: a network disk takes minutes to list and look at 600 000 files. A
 * folder's time changes whenever a file in it appears, goes or is renamed, so a listing is used again only while
 * every folder it came from has the time and the inode that it had then. So has every file that was left out for breaking
 * off, which may be fetched again into its place.
 */

import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { FileError } from '../../errors/index.js';
import { writeFileAtomically } from '../../files/index.js';
import { PairTable, type PairTableContent } from './pair-table.js';

/** Smaller datasets are listed and looked at anew each time, which takes seconds. */
function leastPairs(): number {
  const given = Number.parseFloat(process.env.COARSELY_KEEP_LISTINGS_FROM ?? '');
  return Number.isNaN(given) ? 20_000 : given;
}

// To be raised whenever the same folders would be listed otherwise.
const format = 2;
/** A folder that changed just now may change again without its time telling: file systems count in steps. */
const settledMilliseconds = 2000;

/** What is kept of a listing. */
export interface KeptListing {
  readonly pairs: PairTable;
  readonly skipped: readonly string[];
  /** Every folder that was listed, those without a file included, and every file left out because it breaks off. */
  readonly listed: readonly string[];
  /** Whether all files have been looked at, and nothing was wrong. */
  readonly checked: boolean;
}

/** Identifies a listing: the kind of dataset and its options. */
export type ListingKey = Readonly<Record<string, unknown>>;

interface Entry {
  readonly format: number;
  readonly key: string;
  readonly listed: readonly string[];
  readonly states: readonly string[];
  readonly pairs: PairTableContent;
  readonly skipped: readonly string[];
  readonly checked: boolean;
}

/** Where listings are kept: `$XDG_CACHE_HOME/coarsely/listings`, by default below `~/.cache`. */
export function listingCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment.XDG_CACHE_HOME;
  const base = given && isAbsolute(given) ? given : join(homedir(), '.cache');
  return join(base, 'coarsely', 'listings');
}

/** The listing kept under this key; null when there is none or a folder has changed since. */
export async function keptListing(key: ListingKey): Promise<KeptListing | null> {
  const { path, text } = placeOf(key);
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) return null;
  try {
    const entry = deserialize(bytes) as Entry;
    if (entry.format !== format || entry.key !== text) return null;
    const states = await statesOf(entry.listed);
    if (states === null || states.some(({ state }, place) => state !== entry.states[place])) return null;
    const { skipped, listed, checked } = entry;
    return { pairs: new PairTable(shared(entry.pairs)), skipped, listed, checked };
  } catch {
    // Damaged, or of another version: as good as none.
    return null;
  }
}

/**
 * Keeps a listing whose folders were read from the time `began` on. Does nothing for a small one, for folders that
 * changed since or just before, and where nothing can be written.
 */
export async function keepListing(
  key: ListingKey,
  listing: KeptListing & { readonly began: number },
): Promise<void> {
  const { pairs, skipped, checked, listed, began } = listing;
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
    checked,
  };
  try {
    writeFileAtomically(path, [serialize(entry)], { createFolder: true, shared: true });
  } catch (error) {
    // A cache folder that cannot be written costs time and nothing else.
    if (!(error instanceof FileError)) throw error;
  }
}

function placeOf(key: ListingKey): { readonly path: string; readonly text: string } {
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

/** In memory that threads can share. */
function shared({ names, offsets, forms, patterns }: PairTableContent): PairTableContent {
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

/** In memory that can be written to a file. */
function owned({ names, offsets, forms, patterns }: PairTableContent): PairTableContent {
  return {
    names: Uint8Array.from(names),
    offsets: Uint32Array.from(offsets),
    forms: Uint32Array.from(forms),
    patterns,
  };
}
