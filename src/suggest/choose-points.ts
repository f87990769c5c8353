/** Chooses which candidates of an image to ask about, one after the other, as each question changes the scores of the rest. */

import { ignoreIndex, type RandomStream } from '../data/index.js';
import { candidateCount, type ImageCandidates, pixelOf, predictedClass } from './candidates.js';
import type { DatasetKnowledge } from './knowledge.js';
import type { SuggestionStrategy } from './strategies.js';

/** Names the reason of a question that no term speaks for. */
const byChance = 'chance';

/** Holds a pixel to ask about. */
export interface ChosenPoint {
  readonly candidate: number;
  readonly x: number;
  readonly y: number;
  /** Is the class that the network predicts. */
  readonly suggested: number;
  /** Names the term that raised it most above the other candidates, or `chance`. */
  readonly reason: string;
  /** Is the label that covers it, 255 where none does. */
  readonly label: number;
  /** Is Σ weight · score with its noise when it was chosen, by which pixels of several images compare. */
  readonly score: number;
}

/** Configures `choosePoints`. */
export interface ChoosePointsOptions {
  readonly strategy: SuggestionStrategy;
  readonly count: number;
  /** Limits questions to candidates without a label, as far as there are enough, or allows all. */
  readonly where: 'uncovered' | 'all';
  readonly knowledge: DatasetKnowledge;
  readonly random: RandomStream;
  /** Lists candidates that were asked about before; they are not asked about again. */
  readonly taken?: readonly number[];
}

/** Breaks ties where there is no noise. */
const leastNoise = 1e-6;

/**
 * Returns at most `count` pixels, in the order in which they were chosen; fewer where the image has no more. The tally of the
 * knowledge counts them.
 */
export function choosePoints(image: ImageCandidates, options: ChoosePointsOptions): ChosenPoint[] {
  const { strategy, count, where, knowledge, random, taken = [] } = options;
  const { grid, labels, likelihoods, classCount } = image;
  const total = candidateCount(grid);
  const open = new Uint8Array(total).fill(1);
  for (const candidate of taken) open[candidate] = 0;
  const isUncovered = (candidate: number) => labels[candidate] === ignoreIndex && open[candidate] === 1;
  const all = Uint32Array.from(labels.keys());
  const uncovered = all.filter(isUncovered);
  const enough = where === 'uncovered' && uncovered.length >= count;
  const eligible = enough ? uncovered : all;
  const factor = Math.max(leastNoise, strategy.noise);
  const noise = Float32Array.from({ length: total }, () => factor * gumbel(random));
  const terms = strategy.terms.map(({ term, weight }) => ({
    weight,
    reason: term.reason,
    ...term.begin({ image, eligible, knowledge, random }),
  }));
  const take = (candidate: number) => {
    open[candidate] = 0;
    knowledge.tally.add(likelihoods.subarray(candidate * classCount, (candidate + 1) * classCount));
    for (const term of terms) term.take(candidate);
  };
  for (const candidate of taken) take(candidate);

  const chosen: ChosenPoint[] = [];
  const ask = (among: Uint32Array) => {
    while (chosen.length < count) {
      const found = highest(among, { open, noise, terms });
      if (found === null) return;
      const { candidate, score } = found;
      const [x, y] = pixelOf(candidate, grid);
      const reason = reasonOf(candidate, { among, terms });
      const suggested = predictedClass(image, candidate);
      chosen.push({ candidate, x, y, suggested, reason, label: labels[candidate] as number, score });
      take(candidate);
    }
  };
  if (where === 'uncovered') ask(uncovered);
  ask(eligible);
  return chosen;
}

interface BegunTerm {
  readonly weight: number;
  readonly reason: string;
  readonly scores: Float32Array;
}

/** Returns the open candidate with the highest sum, and that sum; null where none is open. */
function highest(
  among: Uint32Array,
  {
    open,
    noise,
    terms,
  }: { readonly open: Uint8Array; readonly noise: Float32Array; readonly terms: readonly BegunTerm[] },
): { readonly candidate: number; readonly score: number } | null {
  let best: number | null = null;
  let bestSum = Number.NEGATIVE_INFINITY;
  for (const candidate of among) {
    if (open[candidate] === 0) continue;
    let sum = noise[candidate] as number;
    for (const { weight, scores } of terms) sum += weight * (scores[candidate] as number);
    if (sum <= bestSum) continue;
    best = candidate;
    bestSum = sum;
  }
  return best === null ? null : { candidate: best, score: bestSum };
}

/** Returns the reason of the term that lifts a candidate most above the mean of the image. */
function reasonOf(
  candidate: number,
  { among, terms }: { readonly among: Uint32Array; readonly terms: readonly BegunTerm[] },
): string {
  let [reason, most] = [byChance, 0];
  for (const { weight, scores, reason: own } of terms) {
    let sum = 0;
    for (const other of among) sum += scores[other] as number;
    const lift = weight * ((scores[candidate] as number) - sum / among.length);
    if (lift > most) [reason, most] = [own, lift];
  }
  return reason;
}

/** Draws from the Gumbel distribution. */
function gumbel(random: RandomStream): number {
  // The draw lies in [0, 1), and has no finite logarithm at 0.
  return -Math.log(-Math.log(random.uniform() + 2 ** -34));
}
