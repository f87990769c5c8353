/** Finds the runs in the folders that were named, by names that stay the same while the folders do. */

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { configFile } from '../../runs/internal.js';
import { NotFoundError } from '../errors/server-error.js';
import { insideFolder } from '../security/inside-folder.js';
import type { Workspace } from '../workspace.js';

/** Names a run and its folder. */
export interface FoundRun {
  /** Is the path below the named folder, with `/`; the page knows the run by it. */
  readonly name: string;
  readonly folder: string;
}

/** Limits the folders that are looked at in each named folder. */
const mostFolders = 2000;

/**
 * Lists the runs among the named folders and in them, at most one folder deeper, as experiments and rounds keep theirs. A
 * folder that does not exist yet has no runs.
 */
export async function findRuns(named: Workspace['runs']): Promise<FoundRun[]> {
  const found = new Map<string, FoundRun>();
  for (const root of named) {
    const prefix = named.length > 1 ? `${basename(root)}/` : '';
    const inRoot = isRun(root) ? [{ name: basename(root), folder: root }] : await runsIn(root, prefix);
    for (const run of inRoot) {
      let { name } = run;
      for (let copy = 2; found.has(name); copy++) name = `${run.name} (${copy})`;
      found.set(name, { name, folder: run.folder });
    }
  }
  return [...found.values()];
}

/**
 * Returns the run of a name that `findRuns` gave.
 *
 * @throws {NotFoundError} when there is none
 * @throws {OutsideError} when a link leads out of the named folders
 */
export async function findRun(name: string, { runs, linked }: Workspace): Promise<FoundRun> {
  const run = (await findRuns(runs)).find((one) => one.name === name);
  if (run === undefined) throw new NotFoundError(`there is no run '${name}' in ${runs.join(', ')}`);
  await insideFolder(run.folder, [...runs, ...linked]);
  return run;
}

async function runsIn(root: string, prefix: string): Promise<FoundRun[]> {
  const runs: FoundRun[] = [];
  for (const name of await foldersIn(root)) {
    const folder = join(root, name);
    if (isRun(folder)) {
      runs.push({ name: `${prefix}${name}`, folder });
      continue;
    }
    for (const inner of await foldersIn(folder)) {
      const nested = join(folder, inner);
      if (isRun(nested)) runs.push({ name: `${prefix}${name}/${inner}`, folder: nested });
    }
  }
  return runs;
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .toSorted()
    .slice(0, mostFolders);
}

function isRun(folder: string): boolean {
  return existsSync(join(folder, configFile));
}
