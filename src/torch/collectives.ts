/**
 * Calls c10d's collectives over the process group of this process: Gloo on the CPU, NCCL on CUDA. A process has at most
 * one group. `ProcessGroup` of the room `distributed` is the public form, which also explains failures.
 */

import { native } from './native.js';
import { type Tensor, wrap } from './tensor.js';

/** Configures how this process joins the others. */
export interface JoinProcessGroupOptions {
  readonly rank: number;
  /** Counts the processes. */
  readonly worldSize: number;
  /** Gives the host name or address of rank 0, which serves the store through which the ranks find each other. */
  readonly host: string;
  readonly port: number;
  /** Limits the wait for the other ranks, here and in every collective. */
  readonly timeoutSeconds: number;
  /** Connects the GPUs of the ranks too, for tensors on CUDA devices. */
  readonly cuda: boolean;
}

/** Describes a rank by the signs of life that it leaves in the store. */
export interface ProcessGroupMember {
  readonly rank: number;
  readonly host: string;
  readonly pid: string;
  /**
   * Is `gone` when the rank stopped giving signs of life, `left` when it closed its group, and `unknown` when the store
   * cannot be reached.
   */
  readonly state: 'alive' | 'gone' | 'left' | 'unknown';
  /** Gives the error for which the rank left; empty when it left without one. */
  readonly reason: string;
  /** Counts the collectives that the rank has begun. */
  readonly collectives: number;
}

/**
 * Waits until all ranks have joined and opens the group of this process.
 *
 * @throws {OperationError} naming the ranks that did not come within the timeout, or when a group is open already
 */
export function joinProcessGroup(options: JoinProcessGroupOptions): void {
  const { rank, worldSize, host, port, timeoutSeconds, cuda } = options;
  native().joinGroup(rank, worldSize, host, port, '', timeoutSeconds, cuda);
}

/** Closes the group; `reason` tells the other ranks why this one ends early. Rank 0 waits for the others to close. */
export function closeProcessGroup(reason: string): void {
  native().closeGroup(reason);
}

/** Returns what is known of every rank; it watches for signs of life and so may take seconds. */
export function inspectProcessGroup(): ProcessGroupMember[] {
  return native()
    .inspectGroup()
    .map(([rank, host, pid, state, reason, collectives]) => ({
      rank,
      host,
      pid,
      state: state as ProcessGroupMember['state'],
      reason,
      collectives,
    }));
}

/** Replaces the tensor by the sum or the maximum over all ranks. bfloat16 is summed in float32. */
export function allReduce_(tensor: Tensor, operation: 'sum' | 'max'): void {
  native().groupAllReduce(tensor.id, operation);
}

/** Replaces every rank's tensor by that of the rank `root`. */
export function broadcast_(tensor: Tensor, root: number): void {
  native().groupBroadcast(tensor.id, root);
}

/** Returns when every rank has called it. */
export function barrier(): void {
  native().groupBarrier();
}

/** Returns the sum over all ranks; its backward pass sums the gradients of all ranks. */
export function sumOverRanks(tensor: Tensor): Tensor {
  return wrap(native().groupSum(tensor.id));
}
