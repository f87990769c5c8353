/** Where the time and the memory of training steps went: what `coarsely train --profile` leaves in a run's folder. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors/index.js';

/** The parts of a step, in their order. `other`: bringing the batch to the device, reading losses back, writing. */
export const profilePhases = ['data', 'forward', 'loss', 'backward', 'optimizer', 'other'] as const;

export type ProfilePhase = (typeof profilePhases)[number];

export interface PhaseProfile {
  readonly phase: ProfilePhase;
  /** Mean over the steps. */
  readonly seconds: number;
  /** The most bytes in tensors at any moment of it, in any step; of the host's memory. */
  readonly peakBytes: number;
}

export interface OperatorProfile {
  readonly name: string;
  readonly phase: ProfilePhase;
  /** A step. */
  readonly calls: number;
  /** Its own time without the operators that it calls, a step. */
  readonly seconds: number;
}

export interface Profile {
  /** Steps that were measured. */
  readonly steps: number;
  /** The first of them. */
  readonly firstStep: number;
  readonly device: string;
  readonly threads: number;
  readonly precision: string;
  /** In the order of a step. */
  readonly phases: readonly PhaseProfile[];
  /** Largest first. */
  readonly operators: readonly OperatorProfile[];
}

export const PROFILE_FILE = 'profile.json';

/**
 * Null where the run was not profiled.
 * @throws CheckpointError when the file is damaged
 */
export function readProfile(folder: string): Profile | null {
  const path = join(folder, PROFILE_FILE);
  if (!existsSync(path)) return null;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CheckpointError(`${path}: is damaged, it is no JSON; remove it`, { cause });
  }
  if (!isProfile(value)) {
    throw new CheckpointError(`${path}: is damaged, expected the profile of a run; remove it`);
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
