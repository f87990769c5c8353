/**
 * `state.json`: names the checkpoint file that belongs to it. It is replaced only when that file is complete on disc,
 * so at any moment it speaks of a checkpoint that can be resumed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors/index.js';
import { CHECKPOINT_FOLDER, STATE_FILE } from './run-folder.js';

/** Anything JSON holds. Bytes (generators) belong into the checkpoint, as uint8 tensors. */
export type JsonValue = number | string | boolean | null | JsonValue[] | { [name: string]: JsonValue };

export interface RunState {
  readonly step: number;
  /** Relative to the run's folder. */
  readonly file: string;
  readonly state: { readonly [name: string]: JsonValue };
}

const FORMAT = 1;

/** The key of the environment in `state`, under the name that the first version gave it. */
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

export function formatState({ step, file, state }: RunState): string {
  return `${JSON.stringify({ format: FORMAT, step, checkpoint: file, state }, null, 1)}\n`;
}

/** Null while a run has no checkpoint. @throws CheckpointError when damaged or its checkpoint is missing. */
export function readState(folder: string): RunState | null {
  const path = join(folder, STATE_FILE);
  if (!existsSync(path)) return null;
  const value = parseObject(readFileSync(path, 'utf8'));
  if (value === null)
    throw new CheckpointError(`${path}: is damaged (not a JSON object); the run cannot be resumed`);
  if (value.format !== FORMAT) {
    throw new CheckpointError(
      `${path}: has format ${JSON.stringify(value.format)}, this version reads ${FORMAT}; resume with the version that wrote it`,
    );
  }
  const { step, checkpoint: file, state } = value;
  if (!Number.isSafeInteger(step) || typeof file !== 'string' || !isObject(state)) {
    throw new CheckpointError(`${path}: is damaged: expected step, checkpoint and state`);
  }
  if (!existsSync(join(folder, file))) {
    throw new CheckpointError(
      `${path}: its checkpoint ${file} is missing; ${CHECKPOINT_FOLDER}/ holds ${otherCheckpoints(folder)}`,
    );
  }
  return { step: step as number, file, state: state as RunState['state'] };
}

function otherCheckpoints(folder: string): string {
  const path = join(folder, CHECKPOINT_FOLDER);
  const names = existsSync(path) ? readdirSync(path) : [];
  return names.length === 0 ? 'none' : names.sort().join(', ');
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
