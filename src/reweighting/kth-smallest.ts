/**
 * Finds a number by its rank among the numbers of all processes, exactly, without sending the numbers. The order of
 * floats that are not negative is that of their bits, so four rounds that count 256 ranges of bits each find all 32.
 */

import type { Collectives } from '../distributed/index.js';
import { tensorFrom, tidy } from '../torch/index.js';

const digitBits = 8;
const digits = 2 ** digitBits;

/** Holds a number and how many are below it. */
export interface RankedNumber {
  readonly value: number;
  /** Counts the numbers of all processes that are strictly below `value`. */
  readonly below: number;
}

/**
 * Returns the number of a rank, counted from 0, among the numbers of all processes. Every process must call it. The host
 * waits for the other processes four times.
 *
 * @param sorted this process's numbers, ascending and not negative; those above the number of this rank may be left out
 */
export function kthSmallest(sorted: Float32Array, rank: number, processGroup: Collectives): RankedNumber {
  const bits = new Uint32Array(sorted.buffer, sorted.byteOffset, sorted.length);
  let first = 0;
  let below = 0;
  for (let shift = 32 - digitBits; shift >= 0; shift -= digitBits) {
    const starts = Array.from({ length: digits + 1 }, (_, digit) =>
      countBelow(bits, first + digit * 2 ** shift),
    );
    const counts = starts.slice(1).map((start, digit) => start - (starts[digit] as number));
    let chosen = 0;
    for (const [digit, count] of sumOverRanks(counts, processGroup).entries()) {
      chosen = digit;
      if (below + count > rank) break;
      if (digit < digits - 1) below += count;
    }
    first += chosen * 2 ** shift;
  }
  const [value = 0] = new Float32Array(Uint32Array.of(first).buffer);
  return { value, below };
}

/** Returns how many of the ascending numbers are below `limit`. */
function countBelow(ascending: Uint32Array, limit: number): number {
  let from = 0;
  let to = ascending.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((ascending[middle] as number) < limit) from = middle + 1;
    else to = middle;
  }
  return from;
}

function sumOverRanks(counts: readonly number[], processGroup: Collectives): number[] {
  return tidy(() => {
    const sums = tensorFrom(counts, { dtype: 'float64', shape: [counts.length] });
    processGroup.allReduce_(sums);
    return Array.from(sums.toTypedArray(), Number);
  });
}
