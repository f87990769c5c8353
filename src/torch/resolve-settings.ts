/** Resolves the settings that a config may leave to the machine: `threads: 0` and `precision: auto`. */

import { availableParallelism } from 'node:os';
import type { Device } from './dtype.js';
import { engine } from './engine.js';

/** Names the type in which a network computes its activations; parameters stay float32. */
export type Precision = 'float32' | 'bfloat16';

/** Returns `precision`, with `auto` replaced by bfloat16 where the device computes it fast and by float32 elsewhere. */
export function resolvePrecision(precision: Precision | 'auto', device: Device): Precision {
  if (precision !== 'auto') return precision;
  return device !== 'cpu' || engine().bfloat16Fast ? 'bfloat16' : 'float32';
}

/** Returns `threads`, with 0 replaced by this process's share of the cores; at least 1. */
export function resolveThreads(
  threads: number,
  {
    processes = 1,
  }: {
    /** Counts the processes that share the cores of this machine. */
    readonly processes?: number;
  } = {},
): number {
  return threads > 0 ? threads : Math.max(1, Math.floor(availableParallelism() / processes));
}
