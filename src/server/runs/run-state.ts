/** Tells what a run is doing. */

import { hostname } from 'node:os';
import {
  hasStaleLock,
  isFinished,
  lastMetricStep,
  type RunState,
  trainingProcess,
} from '../../runs/internal.js';

/**
 * Names what a run is doing: `training`; `finished` with all its steps; `stopped` at a checkpoint, from which it goes on
 * without loss; `crashed`, so that steps after its last checkpoint are lost.
 */
type RunActivity = 'training' | 'finished' | 'stopped' | 'crashed';

/** Describes what a run is doing. */
export interface RunStatus {
  readonly activity: RunActivity;
  /** Names the process that trains; null when none does. */
  readonly process: { readonly pid: number; readonly host: string; readonly onThisMachine: boolean } | null;
}

/** Returns what a run is doing, from its lock, its last checkpoint and its last line. */
export function runStatus(
  folder: string,
  {
    lastCheckpoint,
    iterations,
  }: { readonly lastCheckpoint: RunState | null; readonly iterations: number | null },
): RunStatus {
  const owner = trainingProcess(folder);
  if (owner !== null) {
    const { pid, host } = owner;
    return { activity: 'training', process: { pid, host, onThisMachine: host === hostname() } };
  }
  return { activity: restingActivity(folder, { lastCheckpoint, iterations }), process: null };
}

function restingActivity(
  folder: string,
  {
    lastCheckpoint,
    iterations,
  }: { readonly lastCheckpoint: RunState | null; readonly iterations: number | null },
): RunActivity {
  if (isFinished({ lastCheckpoint }, iterations ?? Number.POSITIVE_INFINITY)) return 'finished';
  if (hasStaleLock(folder)) return 'crashed';
  const step = lastMetricStep(folder);
  return lastCheckpoint !== null && (step === null || step <= lastCheckpoint.step) ? 'stopped' : 'crashed';
}
