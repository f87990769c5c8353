/**
 * Reads the rank of this process from the environment variables that torchrun, SLURM scripts and Kubernetes' PyTorchJob
 * set: RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT.
 */

import { ConfigError } from '../errors/index.js';

/** Describes one of several processes that train together, and where it finds the others. */
export interface RankEnvironment {
  /** Numbers the processes from 0 to `worldSize` − 1. */
  readonly rank: number;
  /** Counts the processes. */
  readonly worldSize: number;
  /** Is the rank among the processes of this machine, and also the index of the GPU that the process uses. */
  readonly localRank: number;
  /** Gives the host name or address of rank 0. */
  readonly masterAddress: string;
  readonly masterPort: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const required = ['RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'];

/**
 * Reads the variables, or returns null when neither RANK nor WORLD_SIZE is set: then this is a single process.
 * LOCAL_RANK defaults to RANK. Under torchrun the port is the one after MASTER_PORT, which torchrun itself uses.
 *
 * @throws {ConfigError} when one of RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT is missing, or a value is not a whole
 *   number in its range
 */
export function readRankEnvironment(environment: Environment = process.env): RankEnvironment | null {
  if (!environment.RANK && !environment.WORLD_SIZE) return null;
  for (const name of required) {
    if (environment[name]) continue;
    throw new ConfigError(
      `${name} is not set: expected RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, or neither RANK nor WORLD_SIZE for a single process`,
    );
  }
  const worldSize = wholeNumber(environment, 'WORLD_SIZE', { least: 1 });
  const rank = wholeNumber(environment, 'RANK', { most: worldSize - 1 });
  // torchrun's agent serves a store at MASTER_PORT, in the format of its own version; ours listens at the next port.
  const agentPorts = environment.TORCHELASTIC_USE_AGENT_STORE === 'True' ? 1 : 0;
  return {
    rank,
    worldSize,
    localRank: environment.LOCAL_RANK ? wholeNumber(environment, 'LOCAL_RANK') : rank,
    masterAddress: environment.MASTER_ADDR ?? '',
    masterPort: wholeNumber(environment, 'MASTER_PORT', { least: 1, most: 65_535 - agentPorts }) + agentPorts,
  };
}

function wholeNumber(
  environment: Environment,
  name: string,
  { least = 0, most = Number.MAX_SAFE_INTEGER }: { readonly least?: number; readonly most?: number } = {},
): number {
  const text = environment[name] ?? '';
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new ConfigError(`${name}: expected a whole number ${range}, received ${text}`);
}
