/**
 * The processes that train together, over libtorch's own collectives: Gloo on the CPU, NCCL on CUDA. Every rank must
 * call the same collectives in the same order. Nothing waits longer than the timeout, and what fails then says which
 * rank is missing.
 */

import { DistributedError, OperationError } from '../errors/index.js';
import type { Device, Tensor } from '../torch/index.js';
import { native, wrap } from '../torch/internal.js';
import type { Collectives } from './collectives.js';
import { describeFailure, type Member } from './failure.js';
import type { RankEnvironment } from './rank-environment.js';

export interface JoinOptions {
  /** Where tensors to be reduced lie; those on the CPU can be in any case. */
  readonly device?: Device;
  /** How long a rank waits for the others, at the beginning and in each collective. */
  readonly timeoutSeconds?: number;
}

export interface AllReduceOptions {
  readonly operation?: 'sum' | 'max';
}

export class ProcessGroup implements Collectives {
  readonly rank: number;
  readonly worldSize: number;
  readonly localRank: number;
  #open = true;

  private constructor({ rank, worldSize, localRank }: RankEnvironment) {
    this.rank = rank;
    this.worldSize = worldSize;
    this.localRank = localRank;
  }

  /**
   * Waits until all ranks are there. One group can be open in a process; while it is, synchronized batch normalization
   * takes its sums over all ranks.
   *
   * @throws DistributedError naming the ranks that did not come within the timeout
   */
  static join(
    environment: RankEnvironment,
    { device = 'cpu', timeoutSeconds = 300 }: JoinOptions = {},
  ): ProcessGroup {
    const { rank, worldSize, masterAddress, masterPort } = environment;
    const cuda = device !== 'cpu';
    try {
      native().joinGroup(rank, worldSize, masterAddress, masterPort, '', timeoutSeconds, cuda);
    } catch (error) {
      throw joinFailure(error, environment);
    }
    return new ProcessGroup(environment);
  }

  /** In place, over tensors of the same shape on every rank. bfloat16 is summed in float32. */
  allReduce_(tensor: Tensor, { operation = 'sum' }: AllReduceOptions = {}): void {
    this.guard('allReduce', () => native().groupAllReduce(tensor.id, operation));
  }

  /** Every rank's tensor becomes the root's. */
  broadcast_(tensor: Tensor, { root = 0 }: { readonly root?: number } = {}): void {
    this.guard('broadcast', () => native().groupBroadcast(tensor.id, root));
  }

  /** Returns when every rank has called it. */
  barrier(): void {
    this.guard('barrier', () => native().groupBarrier());
  }

  /**
   * The sum of all ranks' tensors, on every rank. Its backward sums the gradients of all ranks, so that every rank must
   * run backward through it too.
   */
  sumOverRanks(tensor: Tensor): Tensor {
    return this.guard('sumOverRanks', () => wrap(native().groupSum(tensor.id)));
  }

  /**
   * Runs what calls collectives inside: steps with gradient synchronization or synchronized batch normalization. When
   * it fails, the other ranks are looked for.
   *
   * @throws DistributedError where another rank is gone, has left or did not keep up; else what `body` throws
   */
  guard<T>(operation: string, body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof OperationError) || !this.#open) throw error;
      const failure = describeFailure({ operation, rank: this.rank, members: inspect(), cause: error });
      throw failure ?? error;
    }
  }

  /**
   * Ends the group. Rank 0 keeps the store that all meet in, and so waits until the others have closed theirs, at most
   * for the timeout. With `reason` the others learn why this rank ended early.
   */
  close({ reason = '' }: { readonly reason?: string } = {}): void {
    if (!this.#open) return;
    this.#open = false;
    native().closeGroup(reason);
  }
}

function inspect(): Member[] {
  return native()
    .inspectGroup()
    .map(([rank, host, pid, state, reason, collectives]) => ({
      rank,
      host,
      pid,
      state: state as Member['state'],
      reason,
      collectives,
    }));
}

function joinFailure(error: unknown, environment: RankEnvironment): unknown {
  if (!(error instanceof OperationError)) return error;
  const { rank, worldSize, masterAddress, masterPort } = environment;
  const missing = /rank ([\d, ]+) of \d+ did not come/.exec(error.message)?.[1];
  const place = `${masterAddress}:${masterPort}`;
  const advice = missing
    ? `start all ${worldSize} ranks with MASTER_ADDR and MASTER_PORT of rank 0 (${place})`
    : rank === 0
      ? `rank 0 serves at ${place}: is MASTER_PORT free, and MASTER_ADDR this machine?`
      : `rank 0 is looked for at ${place}: is it running, and do MASTER_ADDR and MASTER_PORT lead to it?`;
  const text = error.message.split('\n')[0];
  return new DistributedError(`rank ${rank} of ${worldSize}: ${text}; ${advice}`, {
    cause: error,
    ranks: missing ? missing.split(', ').map(Number) : rank === 0 ? [] : [0],
  });
}
