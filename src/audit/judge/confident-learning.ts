/**
 * Finds label errors by confident learning (Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset
 * labels", JAIR 2021), written from the paper: every labeled pixel is an example, with out-of-fold likelihoods.
 */

/** Says what confident learning makes of an example. */
export interface ConfidentExample {
  /** Is the class that the example is confidently of (ŷ* of the joint); the given one where there is none. */
  readonly suggested: number;
  /** Tells whether the example is off the diagonal of the confident joint: confidently of a class that is not the given one. */
  readonly isError: boolean;
  /** Is how much likelier the suggested class is than the given one, or else the likeliest other class; in [−1, 1]. */
  readonly margin: number;
}

/**
 * Classifies an example as the confident joint counts it (equation 1): among the classes whose likelihood reaches their
 * threshold, the likeliest is the class that it is of.
 *
 * @param likelihoods of all classes, by a model that did not learn from the example
 * @param options.given the class of its label
 * @param options.thresholds for each class the mean likelihood of it over the examples that are labeled so (equation 2); classes
 *   without an example have 0 and are left out
 */
export function confidentExample(
  likelihoods: Float64Array,
  { given, thresholds }: { readonly given: number; readonly thresholds: Float64Array },
): ConfidentExample {
  let confident = -1;
  let other = -1;
  for (let index = 0; index < likelihoods.length; index++) {
    const likelihood = likelihoods[index] as number;
    const threshold = thresholds[index] as number;
    const isReached = threshold > 0 && likelihood >= threshold;
    if (isReached && (confident === -1 || likelihood > (likelihoods[confident] as number))) confident = index;
    if (index !== given && (other === -1 || likelihood > (likelihoods[other] as number))) other = index;
  }
  const isError = confident !== -1 && confident !== given;
  const compared = isError ? confident : other;
  const own = likelihoods[given] as number;
  return {
    suggested: isError ? confident : given,
    isError,
    margin: compared === -1 ? -own : (likelihoods[compared] as number) - own,
  };
}

/** Is the range of `confidentEvidence`. */
export const confidentRange = { low: -1, high: 3 };

/**
 * Returns the evidence against a label: the errors of the confident joint come before all others, and both are ordered by the
 * margin, as the paper's pruning by noise rate orders them.
 */
export function confidentEvidence({ isError, margin }: ConfidentExample): number {
  return margin + (isError ? 2 : 0);
}
