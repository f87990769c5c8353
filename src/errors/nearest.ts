/** Suggestions for mistyped names: `did you mean training.iterations?`. */

import { closest, distance } from 'fastest-levenshtein';

/** The candidate nearest to `name` in edit distance, or undefined when none is near enough to be what was meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const lower = new Map(candidates.map((candidate) => [candidate.toLowerCase(), candidate]));
  const best = closest(name.toLowerCase(), [...lower.keys()]);
  // A third of the longer name may differ, and two swapped letters (a distance of 2) in any name of four or more;
  // beyond that a suggestion misleads more than it helps.
  const length = Math.max(name.length, best.length);
  const allowed = Math.max(length >= 4 ? 2 : 1, Math.floor(length / 3));
  return distance(name.toLowerCase(), best) <= allowed ? lower.get(best) : undefined;
}

/** `; did you mean X?`, or nothing when no candidate is near: the tail of an error message. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const found = nearest(name, candidates);
  return found === undefined ? '' : `; did you mean ${found}?`;
}
