/** Finds numbers by their rank among those of all processes; each has its own list. */
import { kthSmallest } from '#reweighting/kth-smallest.js';
import { asRank, options } from './as-rank.mjs';

await asRank(async (processGroup) => {
  const sorted = Float32Array.from(options.lists[processGroup.rank]).sort();
  return options.ranks.map((rank) => kthSmallest(sorted, rank, processGroup));
});
