/** Measures how long a run took, by its files. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { metricRecords } from './metrics.js';
import { configFile, stateFile } from './run-folder.js';
import type { Run } from './run-reader.js';

/**
 * Returns the seconds from the start of a run to its last checkpoint, interruptions included. A run on stored features
 * prepares them before its first file is written, which its first line of times says.
 */
export function runSeconds(run: Run): number {
  const time = (file: string) => statSync(join(run.folder, file)).mtimeMs;
  const [first] = metricRecords(run, 'timing');
  return (time(stateFile) - time(configFile)) / 1000 + (first?.values.features ?? 0);
}
