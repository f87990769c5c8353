/**
 * Manages the folder in which features are kept between runs: what it holds, and which files go first when it is full. The
 * time of a file is that of its last use.
 */

import { readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder, temporarySuffix } from '../files/index.js';

/** A temporary file that is older than this was left by a process that was killed. */
const abandonedMilliseconds = 3_600_000;

/** Describes a kept file. */
interface KeptFile {
  readonly path: string;
  readonly bytes: number;
  /** Is the time of the last use, in milliseconds since the epoch. */
  readonly usedAt: number;
}

/** Returns the folder of kept features: `$XDG_CACHE_HOME/coarsely/features`, by default in `~/.cache`. */
export function featureCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return cacheFolder('features', environment);
}

/** Returns the number of files and their bytes in the folder of kept features, 0 where there is none. */
export function measureFeatureCache(folder = featureCacheFolder()): {
  readonly files: number;
  readonly bytes: number;
} {
  const files = listFiles(folder);
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/**
 * Removes files, those first that were used longest ago, until those that remain take at most `bytes`.
 *
 * @param options.keep names the folder whose files stay
 * @returns the bytes that remain
 */
export function trimFeatureCache(
  folder: string,
  { bytes: wanted, keep }: { readonly bytes: number; readonly keep: string },
): number {
  const files = listFiles(folder);
  let left = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const others = files.filter(({ path }) => dirname(path) !== keep).sort((a, b) => a.usedAt - b.usedAt);
  for (const { path, bytes } of others) {
    if (left <= wanted) break;
    rmSync(path, { force: true });
    left -= bytes;
  }
  return left;
}

/** Lists the files of the folder and of the folders in it, and removes what killed processes left. */
function listFiles(folder: string): KeptFile[] {
  const files: KeptFile[] = [];
  const pending = [folder];
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    for (const entry of entriesOf(current)) {
      const path = join(current, entry.name);
      if (entry.isDirectory()) {
        pending.push(path);
        continue;
      }
      // Another process may have removed it since.
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) continue;
      const isAbandoned =
        entry.name.endsWith(temporarySuffix) && Date.now() - found.mtimeMs > abandonedMilliseconds;
      if (isAbandoned) rmSync(path, { force: true });
      else files.push({ path, bytes: found.size, usedAt: found.mtimeMs });
    }
  }
  return files;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
