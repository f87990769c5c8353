/** Writes a folder of files that appears whole or not at all. */

import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FileError } from '../errors/index.js';
import { tolerateMissingSync } from './durability.js';
import { isSystemError, systemErrorReason } from './system-errors.js';

/**
 * Runs `write` on an empty folder beside `folder` and then moves its files into `folder`, by a single rename when
 * `folder` is new or empty. When `write` fails, `folder` stays as it was. Files of the same name are replaced.
 *
 * @returns the result of `write`
 * @throws {FileError} when the folder cannot be written
 */
export async function stageFolder<Result>(
  folder: string,
  write: (stagingFolder: string) => Promise<Result>,
): Promise<Result> {
  const target = resolve(folder);
  // Beside the target, as a rename is atomic only within one file system.
  const staging = join(dirname(target), `.${basename(target)}-${randomUUID()}`);
  const unwritable = (cause: unknown): never => {
    throw new FileError(`${folder}: cannot be written (${reasonOf(cause)})`, { cause });
  };
  await mkdir(staging, { recursive: true }).catch(unwritable);
  try {
    const result = await write(staging);
    await rename(staging, target)
      .catch(() => moveInto(staging, target))
      .catch(unwritable);
    return result;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/**
 * Writes a file, creating its folder, and waits until it is on the disk, so that a later rename never shows half a
 * file.
 */
export async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync().catch((error: unknown) => tolerateMissingSync(error, path));
  } finally {
    await file.close();
  }
}

async function moveInto(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await moveInto(source, target);
    else await moveFile(source, target);
  }
}

/** Moves a file; across file systems, as where the target is mounted into its parent, by a copy. */
async function moveFile(source: string, target: string): Promise<void> {
  await rename(source, target).catch(async (error: unknown) => {
    if (!isSystemError(error) || error.code !== 'EXDEV') throw error;
    await copyFile(source, target);
  });
}

function reasonOf(cause: unknown): string {
  if (isSystemError(cause)) return systemErrorReason(cause);
  return cause instanceof Error ? cause.message : String(cause);
}
