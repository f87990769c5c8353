/** Sets up the engine as a config requests: its threads, and whether results must repeat bit for bit. */

import type { Config } from '../../config/index.js';
import { setDeterministic, setThreads } from '../../torch/index.js';
import { resolveThreads } from '../../torch/internal.js';

/** Sets threads and determinism; 0 threads mean one for each core. */
export function useEngine({ threads, deterministic }: Config): void {
  setThreads(resolveThreads(threads));
  setDeterministic(deterministic);
}
