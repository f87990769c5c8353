/** Finds the runs whose networks can predict: the named folders and those in them. */

import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isFile } from '../../files/index.js';
import { NotFoundError } from '../errors/server-error.js';
import { insideFolder } from '../security/inside-folder.js';
import type { Workspace } from '../workspace.js';

/** Names a run that has a checkpoint. */
export interface RunFolder {
  readonly name: string;
  readonly folder: string;
}

/** Lists the runs with a checkpoint by name. */
export async function runFolders({ runs, linked }: Workspace): Promise<RunFolder[]> {
  const found = new Map<string, RunFolder>();
  const add = async (folder: string, name: string) => {
    if (!isFile(join(folder, 'config.yaml')) || !isFile(join(folder, 'state.json'))) return;
    if ((await insideFolder(folder, [...runs, ...linked]).catch(() => null)) === null) return;
    found.set(folder, { name, folder });
  };
  for (const named of runs) {
    await add(named, basename(named));
    const entries = await readdir(named, { withFileTypes: true }).catch(() => []);
    const names = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink());
    for (const { name } of names.sort((a, b) => a.name.localeCompare(b.name))) {
      await add(join(named, name), runs.length > 1 ? `${basename(named)}/${name}` : name);
    }
  }
  return [...found.values()];
}

/**
 * Returns the folder of a run by its name in the list.
 *
 * @throws {NotFoundError} when the list has no such name
 */
export async function runFolderOf(workspace: Workspace, name: string): Promise<string> {
  const run = (await runFolders(workspace)).find((candidate) => candidate.name === name);
  if (run === undefined) throw new NotFoundError(`there is no run '${name}' with a checkpoint`);
  return run.folder;
}
