/** What an audit learns from a sample of pixels: mean likelihoods, and weights by confidence, against plain sums. */

import { describe, expect, it } from 'vitest';
import { KnowledgeTally } from '#audit/knowledge.js';
import { WeightTally, weightsOf } from '#audit/weight-curve.js';

const classCount = 3;
/** Four pixels; the third stands for two, and the last has no label. */
const sample = {
  labels: Uint8Array.of(0, 0, 1, 255),
  likelihoods: Float32Array.of(0.8, 0.1, 0.1, 0.2, 0.5, 0.3, 0.25, 0.25, 0.5, 1, 0, 0),
  multiplicities: Float32Array.of(1, 1, 2, 9),
};

describe('KnowledgeTally', () => {
  it('averages likelihoods over the pixels that rows stand for', () => {
    const tally = new KnowledgeTally(classCount);
    tally.add(sample);
    const { selfConfidence } = tally.knowledge;
    expect(selfConfidence[0]).toBeCloseTo(0.5, 6);
    expect([...selfConfidence.slice(1)]).toEqual([0.25, 0]);
  });

  it('says nothing of a dataset without labels', () => {
    expect([...new KnowledgeTally(2).knowledge.selfConfidence]).toEqual([0, 0]);
  });
});

describe('WeightTally', () => {
  /** Returns the confidence of Eq. 3 by its formula. */
  const confidenceOf = (likelihoods: readonly number[]) =>
    (2 * (likelihoods.length * likelihoods.reduce((sum, p) => sum + p * p, 0) - 1)) /
      (likelihoods.length - 1) -
    1;

  it('gives weights in proportion to the mean loss at a confidence, 1 on average', () => {
    // Two confidences, far apart: sure pixels whose labels are mostly denied, and unsure ones.
    const sure = [0.98, 0.01, 0.01];
    const unsure = [0.4, 0.3, 0.3];
    const tally = new WeightTally(classCount);
    tally.add({
      labels: Uint8Array.of(1, 0, 0, 1),
      likelihoods: Float32Array.from([sure, sure, unsure, unsure].flat()),
      multiplicities: Float32Array.of(1, 1, 3, 3),
    });
    const meanLoss = {
      sure: -(Math.log(0.01) + Math.log(0.98)) / 2,
      unsure: -(Math.log(0.4) + Math.log(0.3)) / 2,
    };
    const mean = (2 * meanLoss.sure + 6 * meanLoss.unsure) / 8;
    const [first, second] = weightsOf(tally.curve, {
      likelihoods: Float32Array.from([sure, unsure].flat()),
      classCount,
    });
    expect(confidenceOf(sure)).toBeGreaterThan(0.8);
    // Weights are linear between the middles of 64 intervals, which the two confidences miss a little.
    expect(Math.abs((first as number) / (meanLoss.sure / mean) - 1)).toBeLessThan(0.01);
    expect(Math.abs((second as number) / (meanLoss.unsure / mean) - 1)).toBeLessThan(0.01);
  });

  it('gives every pixel the weight 1 without a sample', () => {
    const weights = weightsOf(new WeightTally(2).curve, {
      likelihoods: Float32Array.of(0.5, 0.5, 1, 0),
      classCount: 2,
    });
    expect([...weights]).toEqual([1, 1]);
  });
});
