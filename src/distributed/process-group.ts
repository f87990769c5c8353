/**
 * Connects processes that train together by libtorch's collectives: Gloo on the CPU, NCCL on CUDA. Every rank must call
 * the same collectives in the same order. No call waits longer than the timeout, and its error names the rank that is
 * missing.
 */

import { DistributedError, OperationError } from '../errors/index.js';
import type { Device, Tensor } from '../torch/index.js';
import { collectives } from '../torch/internal.js';
import type { Collectives } from './collectives.js';
import { explainFailure } from './explain-failure.js';
import type { RankEnvironment } from './rank-environment.js';

/** Configures `ProcessGroup.join`. */
export interface JoinOptions {
  /** Names a CUDA device when tensors on it are to be combined. Tensors on the CPU always can be. */
  readonly device?: Device;
  /** Limits the wait for the other ranks, in `join` and in every collective. */
  readonly timeoutSeconds?: number;
}

/** Configures `ProcessGroup.allReduce_`. */
export interface AllReduceOptions {
  readonly operation?: 'sum' | 'max';
}

/** Connects this process with the other ranks. A process has at most one open group. */
export class ProcessGroup implements Collectives {
  readonly rank: number;
  readonly worldSize: number;
  /** Is the rank among the processes of this machine. */
  readonly localRank: number;
  #open = true;

  private constructor({ rank, worldSize, localRank }: RankEnvironment) {
    this.rank = rank;
    this.worldSize = worldSize;
    this.localRank = localRank;
  }

  /**
   * Waits until all ranks have joined and returns the group. While it is open, synchronized batch normalization takes
   * its statistics over all ranks.
   *
   * @throws {DistributedError} naming the ranks that did not come within the timeout
   */
  static join(
    environment: RankEnvironment,
    { device = 'cpu', timeoutSeconds = 300 }: JoinOptions = {},
  ): ProcessGroup {
    const { rank, worldSize, masterAddress: host, masterPort: port } = environment;
    const cuda = device !== 'cpu';
    try {
      collectives.joinProcessGroup({ rank, worldSize, host, port, timeoutSeconds, cuda });
    } catch (error) {
      throw joinFailure(error, environment);
    }
    return new ProcessGroup(environment);
  }

  /**
   * Replaces the tensor by its sum or maximum over all ranks, which pass tensors of one shape. bfloat16 is summed in
   * float32.
   *
   * @throws {DistributedError} when another rank is lost
   */
  allReduce_(tensor: Tensor, { operation = 'sum' }: AllReduceOptions = {}): void {
    this.guard('allReduce', () => collectives.allReduce_(tensor, operation));
  }

  /**
   * Replaces every rank's tensor by that of the rank `root`.
   *
   * @throws {DistributedError} when another rank is lost
   */
  broadcast_(tensor: Tensor, { root = 0 }: { readonly root?: number } = {}): void {
    this.guard('broadcast', () => collectives.broadcast_(tensor, root));
  }

  /**
   * Returns when every rank has called it.
   *
   * @throws {DistributedError} when another rank is lost
   */
  barrier(): void {
    this.guard('barrier', () => collectives.barrier());
  }

  /**
   * Returns the sum of the tensor over all ranks. Its backward pass sums the gradients of all ranks, so every rank must
   * run backward through it.
   *
   * @throws {DistributedError} when another rank is lost
   */
  sumOverRanks(tensor: Tensor): Tensor {
    return this.guard('sumOverRanks', () => collectives.sumOverRanks(tensor));
  }

  /**
   * Runs `body`, which calls collectives, such as a training step. When it fails, the other ranks are inspected, and
   * the error names those that caused the failure. `operation` names the body in the message.
   *
   * @throws {DistributedError} when another rank is gone, has left or fell behind; otherwise what `body` throws
   */
  guard<T>(operation: string, body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof OperationError) || !this.#open) throw error;
      const members = collectives.inspectProcessGroup();
      throw explainFailure({ operation, rank: this.rank, members, cause: error }) ?? error;
    }
  }

  /**
   * Closes the group. Rank 0 holds the store in which all ranks meet, so it waits until the others have closed theirs,
   * at most for the timeout. `reason` tells the others why this rank ends early.
   */
  close({ reason = '' }: { readonly reason?: string } = {}): void {
    if (!this.#open) return;
    this.#open = false;
    collectives.closeProcessGroup(reason);
  }
}

function joinFailure(error: unknown, environment: RankEnvironment): unknown {
  if (!(error instanceof OperationError)) return error;
  const { rank, worldSize, masterAddress, masterPort } = environment;
  const missing = /rank ([\d, ]+) of \d+ did not join/.exec(error.message)?.[1];
  const place = `${masterAddress}:${masterPort}`;
  const advice = missing
    ? `start all ${worldSize} ranks with MASTER_ADDR and MASTER_PORT of rank 0 (${place})`
    : rank === 0
      ? `rank 0 listens at ${place}: check that MASTER_PORT is free and that MASTER_ADDR is this machine`
      : `rank 0 is expected at ${place}: check that it is running and that MASTER_ADDR and MASTER_PORT lead to it`;
  const text = error.message.split('\n')[0];
  return new DistributedError(`rank ${rank} of ${worldSize}: ${text}; ${advice}`, {
    cause: error,
    ranks: missing ? missing.split(', ').map(Number) : rank === 0 ? [] : [0],
  });
}
