/** Explains a failed collective: which rank is missing, as far as this rank can tell, and why. */

import { DistributedError } from '../errors/index.js';
import type { collectives } from '../torch/internal.js';

type Member = collectives.ProcessGroupMember;

/** Describes a failed operation and what is known of the ranks. */
export interface FailureInput {
  /** Names the operation that failed, for the message. */
  readonly operation: string;
  /** Is the rank of this process. */
  readonly rank: number;
  readonly members: readonly Member[];
  readonly cause: Error;
}

const remedy = 'the run can be resumed from its last checkpoint';

/**
 * Returns an error that names the ranks that caused the failure, or null when all others are alive and the cause is not
 * one of the network: then the failure is this rank's own.
 */
export function explainFailure({ operation, rank, members, cause }: FailureInput): DistributedError | null {
  const others = members.filter((member) => member.rank !== rank);
  const gone = others.filter(({ state }) => state === 'gone');
  if (gone.length > 0) {
    const who = gone.map((member) => describe(member)).join(', ');
    return failure(`${who} ${gone.length === 1 ? 'is' : 'are'} gone`, gone);
  }
  const left = others.filter(({ state }) => state === 'left');
  // A rank that left with an error made the others leave. A rank that left without one explains only a lost connection.
  const failed = left.find(({ reason }) => reason !== '') ?? (isFromNetwork(cause) ? left[0] : undefined);
  if (failed) {
    const why = failed.reason ? `: ${failed.reason}` : ', while this rank goes on';
    return failure(`${describe(failed)} left${why}`, [failed]);
  }
  if (!isFromNetwork(cause)) return null;
  const begun = members.find((member) => member.rank === rank)?.collectives ?? 0;
  const behind = others.filter(({ collectives }) => collectives < begun);
  if (behind.length === 0)
    return failure('the connection to another rank failed, although all ranks are alive', []);
  const who = behind.map((member) => `${describe(member)} at ${member.collectives}`).join(', ');
  return failure(`this rank is at collective ${begun} and waited too long for ${who}`, behind);

  function failure(what: string, ranks: readonly Member[]): DistributedError {
    return new DistributedError(`${operation}: ${what} (${firstLine(cause.message)}); ${remedy}`, {
      cause,
      ranks: ranks.map((member) => member.rank),
    });
  }
}

function describe({ rank, host, pid }: Member): string {
  return host ? `rank ${rank} (${host}, process ${pid})` : `rank ${rank}`;
}

function isFromNetwork({ message }: Error): boolean {
  return /gloo|nccl|connection|timed? ?out|socket|broken pipe/i.test(message);
}

/** Returns the first line, without the position in libtorch's source that some messages begin with. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/\[[^\]]*\.(cc|cpp|h):\d+\]\s*/, '').slice(0, 200);
}
