/**
 * Keeps what was found in the labels of a dataset between runs, beside the kept listings, as finding it decodes every label
 * file. It is used again only while no file of the dataset has another size or time of change.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { FileError } from '../../errors/index.js';
import { writeFileAtomically } from '../../files/index.js';
import { listingCacheFolder } from './listing-cache.js';

/** Says which files and settings a finding belongs to. */
export interface FindingKey {
  /** Names what was looked for; the folder of its findings. */
  readonly kind: string;
  /** Is raised whenever the same labels would give another finding. */
  readonly format: number;
  /** Describes each sample's files by size and time of change. */
  readonly stamps: readonly string[];
  /** Lists the names of the samples in their order. */
  readonly names: readonly string[];
  /** Holds everything else on which it depends, such as the config section of the dataset. */
  readonly settings: unknown;
}

/** Returns a kept finding, or null when there is none for these files. */
export async function findKept<Finding>(key: FindingKey): Promise<Finding | null> {
  const { path, hash } = placeOf(key);
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) return null;
  try {
    const entry = deserialize(bytes) as { format: number; hash: string; finding: Finding };
    return entry.format === key.format && entry.hash === hash ? entry.finding : null;
  } catch {
    // A damaged entry counts as none.
    return null;
  }
}

/** Keeps a finding; does nothing where the cache cannot be written. */
export function keepFinding(key: FindingKey, finding: unknown): void {
  const { path, hash } = placeOf(key);
  try {
    const content = [serialize({ format: key.format, hash, finding })];
    writeFileAtomically(path, content, { createFolder: true, shared: true });
  } catch (error) {
    // Without the cache the next run takes longer, and nothing else changes.
    if (!(error instanceof FileError)) throw error;
  }
}

/** Files that changed replace the entry of the former ones, so that the cache does not grow with every edit. */
function placeOf({ kind, stamps, names, settings }: FindingKey): {
  readonly path: string;
  readonly hash: string;
} {
  const text = JSON.stringify(settings);
  const hash = createHash('sha256').update(text);
  for (const [place, stamp] of stamps.entries()) hash.update(`${names[place]} ${stamp}\n`);
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return { path: join(dirname(listingCacheFolder()), kind, name), hash: hash.digest('hex') };
}
