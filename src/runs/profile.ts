/** Describes `profile.json`, which `coarsely train --profile` writes: the time and memory of training steps by phase. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors/index.js';
import { parseJson } from '../files/index.js';

/** Lists the phases of a step in order. `other` moves the batch to the device, reads losses back and writes files. */
export const profilePhases = ['data', 'forward', 'loss', 'backward', 'optimizer', 'other'] as const;

/** Names a phase of a training step. */
export type ProfilePhase = (typeof profilePhases)[number];

/** Holds the time and memory of one phase of a step. */
export interface PhaseProfile {
  readonly phase: ProfilePhase;
  /** Gives the mean over the measured steps. */
  readonly seconds: number;
  /** Gives the highest number of bytes in host tensors at any moment of the phase, over all measured steps. */
  readonly peakBytes: number;
}

/** Holds the time of one operator in one phase of a step. */
export interface OperatorProfile {
  readonly name: string;
  readonly phase: ProfilePhase;
  /** Gives the mean number of calls in a step. */
  readonly calls: number;
  /** Gives the mean time in a step, without that of the operators that it calls. */
  readonly seconds: number;
}

/** Holds the profile of a run: time and memory of its steps by phase and operator. */
export interface Profile {
  /** Counts the measured steps. */
  readonly steps: number;
  readonly firstStep: number;
  readonly device: string;
  readonly threads: number;
  readonly precision: string;
  /** Lists the phases in the order in which a step runs them. */
  readonly phases: readonly PhaseProfile[];
  /** Is sorted by time, longest first. */
  readonly operators: readonly OperatorProfile[];
}

export const profileFile = 'profile.json';

/**
 * Reads the profile of a run; null when the run was not profiled.
 * @throws {CheckpointError} when the file is damaged
 */
export function readProfile(folder: string): Profile | null {
  const path = join(folder, profileFile);
  if (!existsSync(path)) return null;
  let value: unknown;
  try {
    value = parseJson(readFileSync(path));
  } catch (cause) {
    throw new CheckpointError(`${path}: is damaged: expected JSON; remove the file`, { cause });
  }
  if (!isProfile(value)) {
    throw new CheckpointError(`${path}: is damaged: expected the profile of a run; remove the file`);
  }
  return value;
}

function isProfile(value: unknown): value is Profile {
  const profile = value as Partial<Profile> | null;
  const isPart = (part: PhaseProfile | OperatorProfile) =>
    profilePhases.includes(part?.phase) && typeof part.seconds === 'number';
  return (
    typeof profile?.steps === 'number' &&
    Array.isArray(profile.phases) &&
    profile.phases.every((part) => isPart(part) && typeof part.peakBytes === 'number') &&
    Array.isArray(profile.operators) &&
    profile.operators.every((part) => isPart(part) && typeof part.name === 'string')
  );
}
