/** Suggests the name that was probably meant: `did you mean training.iterations?`. */

import { closest, distance } from 'fastest-levenshtein';

/** Returns the candidate with the least edit distance to `name`, or undefined when none is near enough. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const lower = new Map(candidates.map((candidate) => [candidate.toLowerCase(), candidate]));
  const best = closest(name.toLowerCase(), [...lower.keys()]);
  // A third of the longer name may differ, and in names of four letters or more two letters may be swapped (a distance
  // of 2). Beyond that a suggestion misleads more than it helps.
  const length = Math.max(name.length, best.length);
  const allowed = Math.max(length >= 4 ? 2 : 1, Math.floor(length / 3));
  return distance(name.toLowerCase(), best) <= allowed ? lower.get(best) : undefined;
}

/** Returns the tail of an error message, `; did you mean X?`, or an empty text when no candidate is near. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const found = nearest(name, candidates);
  return found === undefined ? '' : `; did you mean ${found}?`;
}
