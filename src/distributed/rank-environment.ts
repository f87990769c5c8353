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

const required = ['RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'];

/**
 * Null where neither RANK nor WORLD_SIZE is set: a single process. LOCAL_RANK is RANK where it is not set. Under torchrun
 * the port is the one after MASTER_PORT, which torchrun itself holds.
 *
 * @throws ConfigError where only some of the four others are set, or a value is no number in its range
 */
export function readRankEnvironment(environment: Environment = process.env): RankEnvironment | null {
  if (!environment.RANK && !environment.WORLD_SIZE) return null;
  for (const name of required) {
    if (environment[name]) continue;
    throw new ConfigError(
      `${name} is not set: expected RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, or neither of the first two for a single process`,
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
