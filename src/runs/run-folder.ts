/**
 * The names inside a run's folder, in one place, and the check that a folder may become a run:
 *
 *     config.yaml                        what ran, whole
 *     metrics.jsonl                      one JSON object a line: step, split, values
 *     checkpoints/step-00000100.safetensors
 *     state.json                         which checkpoint is the last, and everything a resume needs beside its tensors
 *     profile.json                       where the time of some steps went, when that was asked for
 *     report.html
 *     run.lock                           only while a process trains into the folder
 */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError } from '../errors/index.js';
import { temporarySuffix } from '../files/index.js';

export const CONFIG_FILE = 'config.yaml';
export const METRICS_FILE = 'metrics.jsonl';
export const STATE_FILE = 'state.json';
export const CHECKPOINT_FOLDER = 'checkpoints';
export const LOCK_FILE = 'run.lock';

/** Path of a step's checkpoint relative to the run's folder; eight digits, so that names sort as steps do. */
export function checkpointFile(step: number): string {
  return `${CHECKPOINT_FOLDER}/step-${String(step).padStart(8, '0')}.safetensors`;
}

/** The step that a file name in `checkpoints/` speaks of, or null when it is no checkpoint. */
export function checkpointStep(name: string): number | null {
  const digits = /^step-(\d{8,})\.safetensors$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Throws unless `folder` can become a new run: it does not exist yet (or holds nothing of a run), and can be created.
 * Creates nothing, so that it can be asked long before anything is loaded.
 * @throws ConfigError naming the folder and the remedies.
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
 * Creates the folder and its missing parents, one by one: Node's own `recursive` never returns where the file system
 * answers "no such entry" to a creation, as /proc does.
 */
export function createFolders(path: string): void {
  if (existsSync(path)) return;
  createFolders(dirname(path));
  mkdirSync(path);
}

/** An empty folder, or what a process killed while creating a run left: everything but the config, and no data. */
function isUnused(path: string): boolean {
  return readdirSync(path).every((name) => {
    const entry = join(path, name);
    if (name === LOCK_FILE || name.endsWith(temporarySuffix)) return true;
    if (name === METRICS_FILE) return statSync(entry).size === 0;
    return name === CHECKPOINT_FOLDER && readdirSync(entry).length === 0;
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
