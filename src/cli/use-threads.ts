/** The engine's threads as a config asks for them. */

import { availableParallelism } from 'node:os';
import type { Config } from '../config/index.js';
import { setThreads } from '../torch/index.js';

/** 0 means one for each core. */
export function useThreads({ threads }: Config): void {
  setThreads(threads === 0 ? availableParallelism() : threads);
}
