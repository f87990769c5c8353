/** Names the folder beside a run in which earlier rounds of the same training prepared its labels. */

import { join } from 'node:path';

/** Returns the folder of a run's rounds. */
export function roundsFolder(runFolder: string): string {
  return `${runFolder}-rounds`;
}

/** Returns the file that holds the config that was asked for, as JSON. The run's own config names the labels of its rounds. */
export function roundsConfigFile(runFolder: string): string {
  return join(roundsFolder(runFolder), 'config.json');
}
