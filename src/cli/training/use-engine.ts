/** The engine as a config asks for it: its threads, and whether it must repeat itself bit by bit. */

import type { Config } from '../../config/index.js';
import { setDeterministic, setThreads } from '../../torch/index.js';
import { resolveThreads } from '../../torch/internal.js';

/** 0 threads mean one for each core. */
export function useEngine({ threads, deterministic }: Config): void {
  setThreads(resolveThreads(threads));
  setDeterministic(deterministic);
}
