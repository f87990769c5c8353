/** What of the machine a rank takes: its share of the cores, and a GPU of its own. */

import type { Config } from '../config/index.js';
import type { RankEnvironment } from '../distributed/index.js';
import { ConfigError, EngineError } from '../errors/index.js';
import { engine } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';

/**
 * Threads of the engine in this process. 0 divides the cores among the ranks of this machine, whose number whoever
 * started them gives as LOCAL_WORLD_SIZE; without it, a rank has a machine (or a container) to itself.
 */
export function threadsOfRank(
  threads: number,
  { environment }: { readonly environment: RankEnvironment | null },
): number {
  const processes = threads > 0 || environment === null ? 1 : ranksOfMachine();
  return resolveThreads(threads, { processes });
}

function ranksOfMachine(): number {
  const said = process.env.LOCAL_WORLD_SIZE ?? '1';
  const count = Number(said);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new ConfigError(
      `LOCAL_WORLD_SIZE: expected the number of processes on this machine, received ${said}`,
    );
  }
  return count;
}

/** `cuda` is the GPU of the rank's local number; a device with a number of its own stays. */
export function deviceOfRank(device: Config['device'], { localRank }: RankEnvironment): Config['device'] {
  if (device !== 'cuda') return device;
  const { cudaDevices } = engine();
  if (cudaDevices > 0 && localRank >= cudaDevices) {
    throw new EngineError(
      `device cuda: the process of LOCAL_RANK ${localRank} has no GPU, this machine has ${cudaDevices}; start one process for each`,
    );
  }
  return `cuda:${localRank}`;
}
