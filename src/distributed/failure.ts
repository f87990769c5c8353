/** What to say when ranks lost each other: which of them is missing, as far as the others can tell. */

import { DistributedError } from '../errors/index.js';

/** Another rank, as the store that all share knows it. */
export interface Member {
  readonly rank: number;
  readonly host: string;
  readonly pid: string;
  /** `gone`: no sign of life; `left`: it closed its group, for `reason` where something failed. */
  readonly state: 'alive' | 'gone' | 'left' | 'unknown';
  readonly reason: string;
  /** Collectives begun. */
  readonly collectives: number;
}

export interface FailureInput {
  readonly operation: string;
  /** This process's rank. */
  readonly rank: number;
  readonly members: readonly Member[];
  readonly cause: Error;
}

const remedy = 'the run can be resumed from its last checkpoint';

/** Null where every other rank is there and nothing says that the network failed: the error is this rank's own. */
export function describeFailure({ operation, rank, members, cause }: FailureInput): DistributedError | null {
  const others = members.filter((member) => member.rank !== rank);
  const gone = others.filter(({ state }) => state === 'gone');
  if (gone.length > 0) {
    const who = gone.map((member) => name(member)).join(', ');
    return failure(`${who} ${gone.length === 1 ? 'is' : 'are'} gone`, gone);
  }
  // One that failed by itself explains those that left because of it.
  const left = others.filter(({ state }) => state === 'left');
  // One that is simply done explains a broken connection, and no other error.
  const failed = left.find(({ reason }) => reason !== '') ?? (isFromNetwork(cause) ? left[0] : undefined);
  if (failed) {
    const why = failed.reason ? `: ${failed.reason}` : ', while this one goes on';
    return failure(`${name(failed)} left${why}`, [failed]);
  }
  if (!isFromNetwork(cause)) return null;
  const begun = members.find((member) => member.rank === rank)?.collectives ?? 0;
  const behind = others.filter(({ collectives }) => collectives < begun);
  if (behind.length === 0)
    return failure('the connection to another rank failed, though all show signs of life', []);
  const who = behind.map((member) => `${name(member)} at ${member.collectives}`).join(', ');
  return failure(`this rank is at collective ${begun} and waited too long for ${who}`, behind);

  function failure(what: string, ranks: readonly Member[]): DistributedError {
    return new DistributedError(`${operation}: ${what} (${firstLine(cause.message)}); ${remedy}`, {
      cause,
      ranks: ranks.map((member) => member.rank),
    });
  }
}

function name({ rank, host, pid }: Member): string {
  return host ? `rank ${rank} (${host}, process ${pid})` : `rank ${rank}`;
}

function isFromNetwork({ message }: Error): boolean {
  return /gloo|nccl|connection|timed? ?out|socket|broken pipe/i.test(message);
}

/** Without the place in a library's source that some messages begin with. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/\[[^\]]*\.(cc|cpp|h):\d+\]\s*/, '').slice(0, 200);
}
