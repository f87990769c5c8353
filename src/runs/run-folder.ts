/**
 * Names the files of a run's folder, and checks whether a folder can become a run:
 *
 *     config.yaml                        the whole config of the run
 *     metrics.jsonl                      one JSON object a line: step, split, values
 *     checkpoints/step-00000100.safetensors
 *     state.json                         names the last checkpoint, with what a resume needs beside its tensors
 *     samples.json                       the samples that it was trained on, to name what changed since
 *     history.jsonl                      one JSON object a line: what was changed when the run was continued
 *     profile.json                       time and memory by phase of some steps, after `train --profile`
 *     report.html
 *     run.lock                           exists only while a process trains into the folder
 */

import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError } from '../errors/index.js';
import { temporarySuffix } from '../files/index.js';

export const configFile = 'config.yaml';
export const metricsFile = 'metrics.jsonl';
export const stateFile = 'state.json';
export const checkpointFolder = 'checkpoints';
export const lockFile = 'run.lock';

/** Returns the path of a step's checkpoint relative to the run's folder. Eight digits make names sort as steps do. */
export function checkpointFile(step: number): string {
  return `${checkpointFolder}/step-${String(step).padStart(8, '0')}.safetensors`;
}

/** Returns the step in the name of a file in `checkpoints/`, or null when the file is not a checkpoint. */
export function checkpointStep(name: string): number | null {
  const digits = /^step-(\d{8,})\.safetensors$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Checks that `folder` can become a new run: it does not exist yet, or holds nothing of a run, and can be created.
 * Creates nothing, so that it can be called long before anything is loaded.
 * @throws {ConfigError} naming the folder and the remedies
 */
export function checkNewRunFolder(folder: string): void {
  const path = resolve(folder);
  if (existsSync(path)) {
    if (!statSync(path).isDirectory())
      throw new ConfigError(`${folder}: is a file; the output must be a folder`);
    checkWritable(path, folder);
    if (!isUnused(path)) {
      throw new ConfigError(
        `${folder}: already exists and is never overwritten; resume it (coarsely train --resume), choose another folder, or remove it first`,
      );
    }
    return;
  }
  let ancestor = dirname(path);
  while (!existsSync(ancestor)) ancestor = dirname(ancestor);
  if (!statSync(ancestor).isDirectory()) {
    throw new ConfigError(
      `${folder}: cannot be created, ${ancestor} is a file; choose another output folder`,
    );
  }
  checkWritable(ancestor, folder);
}

/**
 * Creates the folder and its missing parents, one by one. Node's own `recursive` never returns where the file system
 * answers "no such entry" to a creation, as /proc does.
 */
export function createFolders(path: string): void {
  if (existsSync(path)) return;
  createFolders(dirname(path));
  mkdirSync(path);
}

/** Accepts an empty folder, and what a process that was killed while it created a run left: no config and no data. */
function isUnused(path: string): boolean {
  return readdirSync(path).every((name) => {
    const entry = join(path, name);
    if (name === lockFile || name.endsWith(temporarySuffix)) return true;
    if (name === metricsFile) return statSync(entry).size === 0;
    return name === checkpointFolder && readdirSync(entry).length === 0;
  });
}

function checkWritable(path: string, folder: string): void {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new ConfigError(
      `${folder}: cannot be written, ${path === resolve(folder) ? 'it' : basename(path)} is not writable for this user; choose another output folder`,
      { cause },
    );
  }
}
