/** Keeps the results of benches. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from './project.js';

/** The folder for results that are not committed: those of quick runs, and journals. */
export const scratchFolder = join(project, 'build', 'bench', 'results');

/**
 * Writes results as JSON and returns the path: bench/results/NAME.json, which is committed, or for a quick run, whose
 * numbers mean nothing, the file of that name in the scratch folder.
 */
export function writeResults(
  name: string,
  results: { readonly quick: boolean; readonly [detail: string]: unknown },
): string {
  const folder = results.quick ? scratchFolder : join(project, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);
  return path;
}
