/**
 * Reads and writes `state.json`, which names the last checkpoint. It is replaced only when that checkpoint is complete on
 * disk, so at any moment it names one that can be resumed.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors/index.js';
import { isSystemError, parseJson } from '../files/index.js';
import { readSafetensorsMetadata } from '../torch/internal.js';
import { checkpointFile, checkpointFolder, checkpointStep, stateFile } from './run-folder.js';

/** Describes a value that JSON can hold. Bytes, such as the state of a generator, belong into the checkpoint as uint8 tensors. */
export type JsonValue = number | string | boolean | null | JsonValue[] | { [name: string]: JsonValue };

/** Describes the last checkpoint of a run. */
export interface RunState {
  readonly step: number;
  /** Gives the path of the checkpoint's tensors, relative to the run's folder. */
  readonly file: string;
  readonly state: { readonly [name: string]: JsonValue };
}

const stateFormat = 1;

/** Names the environment in `state`, as the first version wrote it. */
const environmentKey = 'circumstances';

/** Returns the part of a checkpoint's state that says where and how it was trained, by the name of each fact. */
export function environmentState(environment: Readonly<Record<string, string>>): RunState['state'] {
  return { [environmentKey]: environment };
}

/** Returns where and how a run was trained, by the name of each fact; empty before the first checkpoint. */
export function runEnvironment({
  lastCheckpoint,
}: {
  readonly lastCheckpoint: RunState | null;
}): Record<string, string> {
  const environment = lastCheckpoint?.state[environmentKey];
  if (!isObject(environment)) return {};
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
}

/** Names the file of weights that a run started from in `state`. */
const initialWeightsKey = 'initialWeights';

/** Returns the part of a checkpoint's state that names the file of weights that the run started from. */
export function initialWeightsState(file: string | null): RunState['state'] {
  return file === null ? {} : { [initialWeightsKey]: file };
}

/** Returns name and SHA-256 of the file of weights that a run started from; null where none is recorded. */
export function initialWeightsOf({ state }: Pick<RunState, 'state'>): string | null {
  const file = state[initialWeightsKey];
  return typeof file === 'string' ? file : null;
}

/** Tells in `state` that a run is finished before the last step of its config. */
const endKey = 'ended';

/** Returns the part of a checkpoint's state that says whether the run is finished before its last step. */
export function endState(hasEnded: boolean): RunState['state'] {
  return hasEnded ? { [endKey]: true } : {};
}

/** Tells whether a run has taken all steps of its config, or ended before as its held-out points said. */
export function isFinished(
  { lastCheckpoint }: { readonly lastCheckpoint: RunState | null },
  iterations: number,
): boolean {
  return lastCheckpoint !== null && (lastCheckpoint.step === iterations || hasEnded({ lastCheckpoint }));
}

/** Tells whether a run ended before its last step. */
export function hasEnded({ lastCheckpoint }: { readonly lastCheckpoint: RunState | null }): boolean {
  return lastCheckpoint?.state[endKey] === true;
}

export function formatState({ step, file, state }: RunState): string {
  return `${JSON.stringify({ format: stateFormat, step, checkpoint: file, state }, null, 1)}\n`;
}

/**
 * Reads the state of a run; null while the run has no checkpoint. Without the file, as after an unfinished copy, the newest
 * whole checkpoint counts, with an empty state.
 * @throws {CheckpointError} when the file is damaged, of another format, or names a checkpoint that is missing
 */
export function readState(folder: string): RunState | null {
  const path = join(folder, stateFile);
  if (!existsSync(path)) return newestWholeCheckpoint(folder);
  const value = parseObject(readBytes(path));
  if (value === null)
    throw new CheckpointError(
      `${path}: is damaged: expected a JSON object; remove it to go on from the newest whole file in ${checkpointFolder}/`,
    );
  if (value.format === undefined) {
    throw new CheckpointError(
      `${path}: is damaged: expected format, step, checkpoint and state; remove it to go on from the newest whole file in ` +
        `${checkpointFolder}/`,
    );
  }
  if (value.format !== stateFormat) {
    throw new CheckpointError(
      `${path}: has format ${JSON.stringify(value.format)}, this version reads ${stateFormat}; resume with the version that wrote it`,
    );
  }
  const { step, checkpoint: file, state } = value;
  if (!Number.isSafeInteger(step) || typeof file !== 'string' || !isObject(state)) {
    throw new CheckpointError(`${path}: is damaged: expected step, checkpoint and state`);
  }
  if (!existsSync(join(folder, file))) {
    throw new CheckpointError(
      `${path}: its checkpoint ${file} is missing; ${checkpointFolder}/ holds ${otherCheckpoints(folder)}`,
    );
  }
  return { step: step as number, file, state: state as RunState['state'] };
}

/** Returns an error for a run without a last checkpoint: it has written none yet, or its state was lost. */
export function noCheckpointError(folder: string): CheckpointError {
  const others = otherCheckpoints(folder);
  return new CheckpointError(
    others === 'none'
      ? `${folder}: has no checkpoint yet; train it until its first checkpoint is written`
      : `${folder}: has no ${stateFile}, which names its last checkpoint, although ${checkpointFolder}/ holds ${others}, ` +
          'none of them whole; copy the run again',
  );
}

/** Finds the newest checkpoint whose file is not cut short; null where there is none. */
function newestWholeCheckpoint(folder: string): RunState | null {
  const path = join(folder, checkpointFolder);
  const steps = (existsSync(path) ? readdirSync(path) : []).flatMap((name) => checkpointStep(name) ?? []);
  for (const step of steps.sort((a, b) => b - a)) {
    const file = checkpointFile(step);
    try {
      const metadata = readSafetensorsMetadata(join(folder, file));
      if (metadata !== null) return { step, file, state: stateIn(metadata) };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
    }
  }
  return null;
}

/** Returns the part of a state that the checkpoint file holds too: the classes. */
function stateIn({ classes = '' }: Readonly<Record<string, string>>): RunState['state'] {
  const list = jsonValue(classes);
  return Array.isArray(list) ? { classes: list as JsonValue[] } : {};
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new CheckpointError(`${path}: cannot be read (${cause.message})`, { cause });
  }
}

function otherCheckpoints(folder: string): string {
  const path = join(folder, checkpointFolder);
  const names = existsSync(path) ? readdirSync(path) : [];
  return names.length === 0 ? 'none' : names.sort().join(', ');
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | null {
  const value = jsonValue(bytes);
  return isObject(value) ? value : null;
}

/** Returns the value of a JSON text; null where it is none. */
function jsonValue(content: string | Uint8Array): unknown {
  try {
    return parseJson(content);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
