/**
 * Divides images between splits so that groups stay whole. The names decide together with a seed, so that the same files are
 * divided in the same way on every machine, whatever the order in which they are listed.
 */

import { createHash } from 'node:crypto';
import { ConfigError } from '../../errors/index.js';
import type { ImageGroup } from './frame-groups.js';
import type { SplitShare } from './split-shares.js';

/** Holds the split of each image. */
export interface AssignedSplits {
  /** Names the split of each image by its index. */
  readonly splits: readonly string[];
  /** Lists groups that two splits share, as they are too long for one. */
  readonly divided: readonly ImageGroup[];
}

/** Configures `assignSplits`. */
export interface AssignSplitsOptions {
  readonly shares: readonly SplitShare[];
  readonly seed: number;
  /** Divides a group that is too long for a split, between two of its frames, instead of missing the shares. */
  readonly divide: boolean;
}

/** The shares may be missed by this part of the smaller split, so that groups stay whole. */
const tolerance = 0.5;
/** Counts the orders of the groups that are tried; of many small groups the first order mostly does. */
const attempts = 64;
const closeEnough = 0.02;

/**
 * Puts the groups behind each other in an order of their hashes, and cuts this line at the shares: at the nearest end of a
 * group, or within a group where no end is near. Of several orders the one counts
 * that divides the fewest groups, and of these the one that comes closest to the shares.
 *
 * @throws {ConfigError} when there are fewer groups, or images, than splits
 */
export function assignSplits(
  groups: readonly ImageGroup[],
  { shares, seed, divide }: AssignSplitsOptions,
): AssignedSplits {
  const count = groups.reduce((sum, { members }) => sum + members.length, 0);
  const parts = divide ? count : groups.length;
  if (parts < shares.length) {
    const what = divide ? 'image' : 'folder';
    throw new ConfigError(
      `import: ${parts} ${what}${parts === 1 ? '' : 's'} cannot be divided into ${shares.length} splits` +
        `${divide ? '' : ' by folder'}; ask for fewer with --split train=1`,
    );
  }
  let best: { readonly order: readonly ImageGroup[]; readonly line: Line } | null = null;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const order = inHashOrder(groups, `${seed}/${attempt}`);
    const line = divisions(order, { shares, count, divide });
    if (best === null || isBetter(line, best.line)) best = { order, line };
    if (line.missed === 0 && line.deviation <= closeEnough) break;
  }
  const { order, line } = best as { readonly order: readonly ImageGroup[]; readonly line: Line };
  const splits: string[] = new Array(count);
  const divided: ImageGroup[] = [];
  let place = 0;
  let split = 0;
  for (const group of order) {
    const first = place;
    for (const member of group.members) {
      while (place >= (line.ends[split] as number)) split++;
      splits[member] = (shares[split] as SplitShare).name;
      place++;
    }
    if (line.ends.some((end) => end > first && end < place)) divided.push(group);
  }
  return { splits, divided };
}

interface Line {
  /** Holds for each split the place behind its last image. */
  readonly ends: readonly number[];
  /** Counts the ends that are not near the end of a group. */
  readonly missed: number;
  /** Sums how far the ends are from the shares, in parts of the smaller of the two splits. */
  readonly deviation: number;
}

function isBetter(a: Line, b: Line): boolean {
  return a.missed < b.missed || (a.missed === b.missed && a.deviation < b.deviation);
}

function divisions(
  order: readonly ImageGroup[],
  {
    shares,
    count,
    divide,
  }: { readonly shares: readonly SplitShare[]; readonly count: number; readonly divide: boolean },
): Line {
  let length = 0;
  const edges = order.map(({ members }) => {
    length += members.length;
    return length;
  });
  const ends: number[] = [];
  let [missed, deviation, share, before] = [0, 0, 0, 0];
  for (const [place, { share: own }] of shares.entries()) {
    const left = shares.length - 1 - place;
    if (left === 0) {
      ends.push(count);
      break;
    }
    share += own;
    const smaller = Math.min(own, shares[place + 1]?.share ?? own) * count;
    // Every split behind this one needs an image, or a whole group, of its own.
    const exact = Math.min(count - left, Math.max(before + 1, Math.round(share * count)));
    const usable = edges
      .slice(0, edges.length - (divide ? 1 : left))
      .filter((edge) => edge > before && edge <= count - left);
    const near = usable.reduce<number | null>(
      (best, edge) => (best === null || Math.abs(edge - exact) < Math.abs(best - exact) ? edge : best),
      null,
    );
    const isNear = near !== null && Math.abs(near - exact) <= Math.max(1, tolerance * smaller);
    if (!isNear) missed++;
    before = near !== null && (isNear || !divide) ? near : exact;
    deviation += Math.abs(before - exact) / smaller;
    ends.push(before);
  }
  return { ends, missed, deviation };
}

function inHashOrder(groups: readonly ImageGroup[], seed: string): ImageGroup[] {
  const hashed = groups.map((group) => ({
    group,
    hash: createHash('sha256').update(`${seed}\0${group.key}`).digest('hex'),
  }));
  return hashed.sort((a, b) => (a.hash < b.hash ? -1 : 1)).map(({ group }) => group);
}
