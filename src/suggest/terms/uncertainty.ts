/** Scores candidates by how unsure the network is of their class. */

import { candidateCount, type ImageCandidates } from '../candidates.js';
import type { Term } from '../term.js';

/** Names a measure of uncertainty: 1 − the distance of the two highest likelihoods, or the entropy over that of equal ones. */
type UncertaintyMeasure = 'margin' | 'entropy';

/** Returns the term. A question changes no other candidate's score. */
export function uncertainty({ measure }: { readonly measure: UncertaintyMeasure }): Term {
  const of = measure === 'margin' ? closeness : relativeEntropy;
  return {
    reason: 'uncertainty',
    begin({ image, eligible }) {
      const scores = new Float32Array(candidateCount(image.grid));
      for (const candidate of eligible) scores[candidate] = of(image, candidate);
      return { scores, take: () => undefined };
    },
  };
}

function closeness({ likelihoods, classCount }: ImageCandidates, candidate: number): number {
  let [first, second] = [0, 0];
  for (let place = candidate * classCount; place < (candidate + 1) * classCount; place++) {
    const likelihood = likelihoods[place] as number;
    if (likelihood > first) [first, second] = [likelihood, first];
    else if (likelihood > second) second = likelihood;
  }
  return 1 - (first - second);
}

function relativeEntropy({ likelihoods, classCount }: ImageCandidates, candidate: number): number {
  let entropy = 0;
  for (let place = candidate * classCount; place < (candidate + 1) * classCount; place++) {
    const likelihood = likelihoods[place] as number;
    if (likelihood > 0) entropy -= likelihood * Math.log(likelihood);
  }
  return entropy / Math.log(classCount);
}
