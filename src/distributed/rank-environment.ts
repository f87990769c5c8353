/**
 * Which of several processes this one is, from the environment that torchrun, SLURM scripts and Kubernetes' PyTorchJob
 * set: RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT.
 */

import { ConfigError } from '../errors/index.js';

export interface RankEnvironment {
  /** 0 … worldSize − 1, one process each. */
  readonly rank: number;
  readonly worldSize: number;
  /** Rank among the processes of this machine: which GPU is its own. */
  readonly localRank: number;
  /** Where rank 0 is found. */
  readonly masterAddress: string;
  readonly masterPort: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Null where neither RANK nor WORLD_SIZE is set: a single process. MASTER_ADDR is 127.0.0.1 and MASTER_PORT 29500 where
 * they are not set; LOCAL_RANK is RANK. Under torchrun the port is the one after MASTER_PORT, which torchrun itself holds.
 *
 * @throws ConfigError where one of the two is missing, or a value is no number in its range
 */
export function readRankEnvironment(environment: Environment = process.env): RankEnvironment | null {
  if (!environment.RANK && !environment.WORLD_SIZE) return null;
  for (const name of ['RANK', 'WORLD_SIZE']) {
    if (environment[name]) continue;
    throw new ConfigError(
      `${name} is not set, but ${name === 'RANK' ? 'WORLD_SIZE' : 'RANK'} is: expected both, or neither for a single process`,
    );
  }
  const worldSize = wholeNumber(environment, 'WORLD_SIZE', { least: 1 });
  const rank = wholeNumber(environment, 'RANK', { most: worldSize - 1 });
  // There torchrun's agent listens, with a store of its own version; ours is served beside it.
  const agentPorts = environment.TORCHELASTIC_USE_AGENT_STORE === 'True' ? 1 : 0;
  return {
    rank,
    worldSize,
    localRank: environment.LOCAL_RANK ? wholeNumber(environment, 'LOCAL_RANK') : rank,
    masterAddress: environment.MASTER_ADDR || '127.0.0.1',
    masterPort: environment.MASTER_PORT
      ? wholeNumber(environment, 'MASTER_PORT', { least: 1, most: 65_535 - agentPorts }) + agentPorts
      : 29_500,
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
