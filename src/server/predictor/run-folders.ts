/** Finds the runs whose networks can predict: those that have a checkpoint. */

import { join } from 'node:path';
import { isFile } from '../../files/index.js';
import { NotFoundError } from '../errors/server-error.js';
import { type FoundRun, findRun, findRuns } from '../runs/run-folders.js';
import { insideFolder } from '../security/inside-folder.js';
import type { Workspace } from '../workspace.js';

/** Lists the runs with a checkpoint by name, without those that a link leads out of the named folders. */
export async function runFolders({ runs, linked }: Workspace): Promise<FoundRun[]> {
  const found: FoundRun[] = [];
  for (const run of await findRuns(runs)) {
    if (!hasCheckpoint(run)) continue;
    const inside = await insideFolder(run.folder, [...runs, ...linked]).catch(() => null);
    if (inside !== null) found.push(run);
  }
  return found;
}

/**
 * Returns the folder of a run by its name in the list.
 *
 * @throws {NotFoundError} when the list has no such name
 * @throws {OutsideError} when a link leads out of the named folders
 */
export async function runFolderOf(workspace: Workspace, name: string): Promise<string> {
  const run = await findRun(name, workspace);
  if (!hasCheckpoint(run)) throw new NotFoundError(`the run '${name}' has no checkpoint yet`);
  return run.folder;
}

function hasCheckpoint({ folder }: FoundRun): boolean {
  return isFile(join(folder, 'state.json'));
}
