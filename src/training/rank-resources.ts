/** Gives a rank its share of the machine: some of the cores, and a GPU of its own. */

import type { Config } from '../config/index.js';
import type { RankEnvironment } from '../distributed/index.js';
import { ConfigError, EngineError } from '../errors/index.js';
import { engine } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';

/**
 * Returns the number of threads of the engine in this process. 0 divides the cores among the ranks of this machine, whose
 * number the launcher sets as LOCAL_WORLD_SIZE; without it, a rank has the machine (or container) to itself.
 * @throws {ConfigError} when LOCAL_WORLD_SIZE is not a number of processes
 */
export function threadsOfRank(
  threads: number,
  { environment }: { readonly environment: RankEnvironment | null },
): number {
  const processes = threads > 0 || environment === null ? 1 : ranksOfMachine();
  return resolveThreads(threads, { processes });
}

function ranksOfMachine(): number {
  const text = process.env.LOCAL_WORLD_SIZE ?? '1';
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new ConfigError(
      `LOCAL_WORLD_SIZE: expected the number of processes on this machine, received ${text}`,
    );
  }
  return count;
}

/**
 * Returns the device of a rank: `cuda` becomes the GPU of the rank's local number, any other device stays.
 * @throws {EngineError} when the machine has fewer GPUs than ranks
 */
export function deviceOfRank(device: Config['device'], { localRank }: RankEnvironment): Config['device'] {
  if (device !== 'cuda') return device;
  const { cudaDevices } = engine();
  if (cudaDevices > 0 && localRank >= cudaDevices) {
    throw new EngineError(
      `device cuda: the process of LOCAL_RANK ${localRank} has no GPU, this machine has ${cudaDevices}; start as many processes`,
    );
  }
  return `cuda:${localRank}`;
}
