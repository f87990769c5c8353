/** Sets up the engine as a config wants it. */

import type { Config } from '../../config/index.js';
import { setDeterministic, setThreads } from '../../torch/index.js';
import { resolveThreads } from '../../torch/internal.js';

/** Sets the number of threads and whether results must repeat bit for bit. */
export function useEngine({ threads, deterministic }: Config): void {
  setThreads(resolveThreads(threads));
  setDeterministic(deterministic);
}
