/** Claims the folder of a new run, so that two runs that start at the same time never take the same number. */

import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config/index.js';
import { ConfigError } from '../../errors/index.js';
import { isSystemError, systemErrorReason } from '../../files/index.js';
import { checkNewRunFolder } from '../../runs/internal.js';

/** Holds a folder that is this process's own. */
export interface ClaimedFolder {
  readonly folder: string;
  /** Removes the folder again if nothing was written into it. */
  abandon(): void;
}

/**
 * Creates `output/name`, or `output/name-2`, `-3`, … where those exist. Creating a folder succeeds in one process only, on
 * every file system.
 *
 * @param exact makes a folder that exists an error instead, because the user chose this name
 * @throws {ConfigError} when the folder exists or cannot be created
 */
export function claimRunFolder(
  { output, name }: Pick<Config, 'output' | 'name'>,
  { exact }: { readonly exact: boolean },
): ClaimedFolder {
  const first = path.join(output, name);
  // An own name may be that of an empty folder, which the user made; the lock decides between two such starts.
  if (exact) {
    checkNewRunFolder(first);
    return { folder: first, abandon: () => undefined };
  }
  for (let number = 1; ; number++) {
    const folder = number === 1 ? first : `${first}-${number}`;
    const created = createFolder(folder);
    if (created !== null) return { folder, abandon: () => removeIfEmpty([folder, ...created]) };
  }
}

/** Creates a folder and returns its parents that were created with it; null when the folder exists. */
function createFolder(folder: string): string[] | null {
  try {
    mkdirSync(folder);
    return [];
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'EEXIST') return null;
    if (error.code !== 'ENOENT') throw unusable(folder, error);
  }
  checkNewRunFolder(folder);
  const parent = path.dirname(folder);
  const parents = createFolder(parent);
  const created = createFolder(folder);
  return created === null ? null : [...created, ...(parents === null ? [] : [parent, ...parents])];
}

function unusable(folder: string, error: NodeJS.ErrnoException): ConfigError {
  // Says more where it can, such as which parent is a file.
  checkNewRunFolder(folder);
  return new ConfigError(`${folder}: cannot be created (${systemErrorReason(error)})`, { cause: error });
}

function removeIfEmpty(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      return; // it is in use, and so are its parents
    }
  }
}
