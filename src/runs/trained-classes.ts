/**
 * Finds the classes that a checkpoint's network predicts: in the state of its run, or in the file itself, which may have
 * been copied out of its run. Earlier versions wrote them into the run alone, or not at all.
 */

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseJson } from '../files/index.js';
import { readSafetensorsMetadata } from '../torch/internal.js';
import { checkpointFolder, configFile } from './run-folder.js';
import { type RunState, readState } from './run-state.js';

/** Describes a class of a trained network: its label is its index in the list. */
export interface TrainedClass {
  readonly name: string;
  /** Holds red, green and blue, each between 0 and 255. */
  readonly color: readonly [number, number, number];
}

/** Names the classes in the state of a run and in the metadata of its checkpoints. */
const classesKey = 'classes';

/** Returns the classes in a checkpoint's state; null where it holds none. */
export function classesOfState(state: RunState['state']): readonly TrainedClass[] | null {
  const classes = state[classesKey];
  return isClassList(classes) ? classes : null;
}

/** Returns the texts that a checkpoint file holds beside its tensors. */
export function checkpointMetadata({
  step,
  state,
}: Pick<RunState, 'step' | 'state'>): Record<string, string> {
  const classes = classesOfState(state);
  return { step: String(step), ...(classes && { [classesKey]: JSON.stringify(classes) }) };
}

/**
 * Returns the classes of the network whose weights are in a file; null where neither the file nor a run around it names
 * them.
 * @throws {CheckpointError} when the file is a damaged safetensors file, or the state of its run is damaged
 */
export function classesOfWeights(file: string): readonly TrainedClass[] | null {
  const text = readSafetensorsMetadata(file)?.[classesKey];
  if (text !== undefined) {
    try {
      const classes: unknown = parseJson(text);
      if (isClassList(classes)) return classes;
    } catch {
      // The text is of another program, which uses this key for something else.
    }
  }
  const folder = runOfCheckpoint(file);
  const state = folder === null ? null : readState(folder);
  return state && classesOfState(state.state);
}

/** Returns the folder of the run whose checkpoint a file is; null for a file that lies elsewhere. */
export function runOfCheckpoint(file: string): string | null {
  if (basename(dirname(file)) !== checkpointFolder) return null;
  const folder = dirname(dirname(file));
  return existsSync(join(folder, configFile)) ? folder : null;
}

function isClassList(value: unknown): value is readonly TrainedClass[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => typeof one?.name === 'string' && Array.isArray(one?.color) && one.color.length === 3)
  );
}
