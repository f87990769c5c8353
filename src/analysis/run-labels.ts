/** Names for runs that are shown together, so that a reader can tell them apart. */

import { basename, resolve } from 'node:path';
import { storedConfig } from '../config/internal.js';
import type { Run } from '../runs/index.js';

/**
 * Returns a label for every run: its name, or its folder where two runs have one name.
 *
 * @throws {CheckpointError} when a run's config is damaged
 */
export function runLabels(runs: readonly Pick<Run, 'folder' | 'configYaml'>[]): string[] {
  const names = runs.map((run) => {
    const { name } = storedConfig(run);
    return typeof name === 'string' ? name : basename(resolve(run.folder));
  });
  return runs.map(({ folder }, place) => {
    const name = names[place] as string;
    const namesakes = runs.filter((_, other) => names[other] === name);
    if (namesakes.length === 1) return name;
    // Two seeds of one recipe share a name, but their folders do not share a path.
    const own = basename(resolve(folder));
    return namesakes.filter((other) => basename(resolve(other.folder)) === own).length === 1 ? own : folder;
  });
}
