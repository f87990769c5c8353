/**
 * Scores candidates by how much their classes need questions: those that the network predicts rarely, and that few questions
 * were about so far. A pixel that may be of a rare class counts by its likelihood, as the network hardly ever predicts a class
 * that it has seen little of.
 */

import { candidateCount } from '../candidates.js';
import type { Term } from '../term.js';

/** Is the term. Questions lower the need of their classes, in later images too. */
export const balance: Term = {
  reason: 'balance',
  begin({ image: { grid, likelihoods, classCount }, eligible, knowledge: { tally } }) {
    const scores = new Float32Array(candidateCount(grid));
    const update = () => {
      const needs = tally.needs();
      for (const candidate of eligible) {
        let score = 0;
        for (let index = 0, place = candidate * classCount; index < classCount; index++, place++) {
          score += (likelihoods[place] as number) * (needs[index] as number);
        }
        scores[candidate] = score;
      }
    };
    update();
    return { scores, take: update };
  },
};
