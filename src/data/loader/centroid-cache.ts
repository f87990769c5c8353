/**
 * Keeps the centers of classes between runs, beside the kept listings, as finding them decodes every label file of a
 * dataset. They are used again only while no file of the dataset has another size or time of change.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { FileError } from '../../errors/index.js';
import { writeFileAtomically } from '../../files/index.js';
import { listingCacheFolder } from '../files/listing-cache.js';
import type { ClassCentroids } from './centroids.js';

// Must be raised whenever the same labels would give other centers.
const format = 1;

/** Says which files and settings centers belong to. */
export interface CentroidKey {
  /** Describes each sample's files by size and time of change. */
  readonly stamps: readonly string[];
  /** Lists the names of the samples in their order. */
  readonly names: readonly string[];
  /** Holds everything else on which they depend: the config section of the dataset, tile and number of classes. */
  readonly settings: unknown;
}

/** Returns kept centers, or null when there are none for these files. */
export async function findCentroids(key: CentroidKey): Promise<ClassCentroids[] | null> {
  const { path, hash } = placeOf(key);
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) return null;
  try {
    const entry = deserialize(bytes) as { format: number; hash: string; classes: ClassCentroids[] };
    return entry.format === format && entry.hash === hash ? entry.classes : null;
  } catch {
    // A damaged entry counts as none.
    return null;
  }
}

/** Keeps centers; does nothing where the cache cannot be written. */
export function keepCentroids(key: CentroidKey, classes: readonly ClassCentroids[]): void {
  const { path, hash } = placeOf(key);
  try {
    writeFileAtomically(path, [serialize({ format, hash, classes })], { createFolder: true, shared: true });
  } catch (error) {
    // Without the cache the next run takes longer, and nothing else changes.
    if (!(error instanceof FileError)) throw error;
  }
}

/** Files that changed replace the entry of the former ones, so that the cache does not grow with every edit. */
function placeOf({ stamps, names, settings }: CentroidKey): { readonly path: string; readonly hash: string } {
  const text = JSON.stringify(settings);
  const hash = createHash('sha256').update(text);
  for (const [place, stamp] of stamps.entries()) hash.update(`${names[place]} ${stamp}\n`);
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return { path: join(dirname(listingCacheFolder()), 'centroids', name), hash: hash.digest('hex') };
}
