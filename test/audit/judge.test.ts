/** Tests how an audit is judged: scores of rankings, methods of the literature, regions, and what decisions are worth. */

import { readFileSync } from 'node:fs';
import { RandomStream } from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { confidentEvidence, confidentExample } from '#audit/judge/confident-learning.js';
import { Judge } from '#audit/judge/judge.js';
import { LabelMatrix } from '#audit/judge/label-score.js';
import { rankCorrelation } from '#audit/judge/rank-correlation.js';
import { logOdds, RankingCounter } from '#audit/judge/ranking-counter.js';
import { decideRegion } from '#audit/judge/simulated-decision.js';
import { softminScore } from '#audit/judge/softmin-score.js';
import { TopRegions } from '#audit/judge/top-regions.js';
import { visitLikelihoods } from '#audit/pixel-likelihoods.js';

// Made by judge-golden.py with scikit-learn, SciPy and NumPy.
const golden = JSON.parse(readFileSync(new URL('./judge-golden.json', import.meta.url), 'utf8')) as {
  readonly rankings: readonly {
    readonly evidence: readonly number[];
    readonly wrong: readonly number[];
    readonly auprc: number;
    readonly recallAtOnePercent: number;
  }[];
  readonly confident: Readonly<
    Record<'given' | 'likelihoods' | 'thresholds' | 'suggested' | 'isError' | 'margin', number[]>
  > & { readonly errorsOfJoint: number };
  readonly softmin: { readonly scores: readonly number[]; readonly softmin: number };
  readonly correlation: {
    readonly first: readonly number[];
    readonly second: readonly number[];
    readonly correlation: number;
  };
};

describe('RankingCounter', () => {
  it("has scikit-learn's average precision and the expected recall, with ties", () => {
    for (const { evidence, wrong, auprc, recallAtOnePercent } of golden.rankings) {
      const counter = new RankingCounter({ low: 0, high: 1 });
      for (const [place, value] of evidence.entries()) counter.add(value, wrong[place] === 1);
      const { scores } = counter;
      expect(scores.auprc).toBeCloseTo(auprc, 12);
      expect(scores.recallAtOnePercent).toBeCloseTo(recallAtOnePercent, 12);
      expect(scores.pixels).toBe(evidence.length);
      expect(scores.baseRate).toBeCloseTo(wrong.filter(Boolean).length / wrong.length, 12);
    }
  });

  it('equals a plain sort on log-odds that are no multiple of a bin', () => {
    const random = new RandomStream(3, [1]);
    const pixels = Array.from({ length: 3000 }, () => {
      const probability = random.uniform();
      return { evidence: logOdds(probability), isWrong: random.chance(probability ** 3) };
    });
    const counter = new RankingCounter({ low: -16, high: 16 });
    for (const { evidence, isWrong } of pixels) counter.add(evidence, isWrong);
    const sorted = pixels.toSorted((a, b) => b.evidence - a.evidence);
    let [found, area] = [0, 0];
    for (const [place, { isWrong }] of sorted.entries()) if (isWrong) area += ++found / (place + 1);
    expect(counter.scores.auprc).toBeCloseTo(area / found, 3);
  });

  it('takes evidence outside its range for the end, refuses what is no number, and says nothing without wrong pixels', () => {
    const counter = new RankingCounter({ low: 0, high: 1 });
    expect(counter.scores).toMatchObject({ pixels: 0, baseRate: Number.NaN, auprc: Number.NaN });
    counter.add(7, false);
    counter.add(-7, false);
    expect(counter.scores).toMatchObject({ pixels: 2, baseRate: 0, auprc: Number.NaN });
    counter.add(Number.POSITIVE_INFINITY, true);
    // The wrong pixel and the first one are ties.
    expect(counter.scores.auprc).toBe(0.5);
    expect(() => counter.add(Number.NaN, true)).toThrow(RangeError);
    expect([logOdds(0), logOdds(0.5), logOdds(1)]).toEqual([-16, 0, 16]);
  });
});

describe('methods of the literature', () => {
  it('counts the confident joint as the paper does', () => {
    const { given, likelihoods, suggested, isError, margin, errorsOfJoint } = golden.confident;
    const thresholds = Float64Array.from(golden.confident.thresholds);
    const examples = given.map((label, place) => {
      const own = Float64Array.from(likelihoods.slice(4 * place, 4 * place + 4));
      return confidentExample(own, { given: label, thresholds });
    });
    expect(examples.map((one) => one.suggested)).toEqual(suggested);
    expect(examples.map((one) => Number(one.isError))).toEqual(isError);
    expect(examples.filter((one) => one.isError)).toHaveLength(errorsOfJoint);
    for (const [place, example] of examples.entries())
      expect(example.margin).toBeCloseTo(margin[place] as number, 12);
    const evidence = (error: boolean) =>
      examples.filter((one) => one.isError === error).map(confidentEvidence);
    expect(Math.min(...evidence(true))).toBeGreaterThan(Math.max(...evidence(false)));
  });

  it('does not call a class confident that no label has', () => {
    const thresholds = Float64Array.of(0.6, 0, 0.2);
    const likelihoods = Float64Array.of(0.2, 0.5, 0.3);
    expect(confidentExample(likelihoods, { given: 0, thresholds })).toMatchObject({
      suggested: 2,
      isError: true,
    });
  });

  it('has the softmin score of an image', () => {
    expect(softminScore(Float32Array.from(golden.softmin.scores))).toBeCloseTo(golden.softmin.softmin, 6);
    expect(softminScore(Float32Array.of(0.5, 0.5))).toBeCloseTo(0.5, 12);
    expect(softminScore(Float32Array.of(0, 1))).toBeCloseTo(0, 3);
  });

  it("has Spearman's correlation, with ties", () => {
    const { first, second, correlation } = golden.correlation;
    expect(rankCorrelation(first, second)).toBeCloseTo(correlation, 12);
    expect(rankCorrelation([1, 2, 3], [30, 20, 10])).toBe(-1);
    expect(rankCorrelation([1, 1], [1, 2])).toBeNaN();
  });

  it('reads likelihoods between cells where a pixel lies, and none at unlabeled pixels', () => {
    const grid = { width: 4, height: 2, rows: 1, columns: 2 };
    const labels = Uint8Array.of(0, 0, 0, 255, 0, 0, 0, 0);
    const likelihoods = Float32Array.of(1, 0, 0, 1);
    const seen: [number, number][] = [];
    visitLikelihoods({ labels, classCount: 2, grid }, likelihoods, (pixel, own) => {
      expect((own[0] as number) + (own[1] as number)).toBeCloseTo(1, 12);
      seen.push([pixel, own[1] as number]);
    });
    // Cells have their centers at x of 1 and 3; pixels have theirs at a half.
    expect(seen).toEqual([
      [0, 0],
      [1, 0.25],
      [2, 0.75],
      [4, 0],
      [5, 0.25],
      [6, 0.75],
      [7, 1],
    ]);
  });
});

describe('regions and decisions', () => {
  it('decides as a person does who sees the exact labels', () => {
    const decide = (...truth: number[]) =>
      decideRegion({ pixels: 10, given: 0, suggested: 1, truth: Uint32Array.from(truth) });
    expect(decide(2, 6, 2)).toEqual({ action: 'accept' });
    expect(decide(6, 4, 0)).toEqual({ action: 'keep' });
    expect(decide(1, 1, 8)).toEqual({ action: 'assign', class: 2 });
    // Neither half of the pixels nor the unlabeled rest of them say which class it is.
    expect(decide(5, 5, 0)).toEqual({ action: 'unlabel' });
    expect(decide(0, 3, 1)).toEqual({ action: 'unlabel' });
  });

  it('keeps the first hundred regions, and counts those that are wrong for the most part', () => {
    const truth = Uint8Array.of(1, 1, 0, 0, 255, 255);
    const add = (top: TopRegions, pixels: number[], rank: number) =>
      top.add({ pixels: Uint32Array.from(pixels), given: 0, suggested: 1 }, { rank, truth, classCount: 2 });
    const top = new TopRegions();
    expect(top.scores.precisionAt50).toBeNaN();
    // Half of the judged pixels is enough, unlabeled ones are not judged, and a region of nothing else is left out.
    for (const [place, pixels] of [
      [0, 2, 4],
      [4, 5],
      [2, 3],
      [0, 1, 2],
    ].entries())
      add(top, pixels, -place);
    expect(top.regions.map(({ truth: counts }) => [...counts])).toEqual([
      [1, 1],
      [2, 0],
      [1, 2],
    ]);
    expect(top.scores).toEqual({ precisionAt50: 2 / 3, precisionAt100: 2 / 3, wrongIn100: 3 });
    for (let rank = 1; rank <= 60; rank++) add(top, [2], rank);
    for (let rank = 61; rank <= 120; rank++) add(top, [0], rank);
    expect(top.regions).toHaveLength(100);
    expect(top.scores).toEqual({ precisionAt50: 1, precisionAt100: 0.6, wrongIn100: 60 });
  });

  it('says what decisions make of the mIoU of the labels', () => {
    const matrix = new LabelMatrix(3);
    const count = (truth: number, given: number, pixels: number) => {
      for (let pixel = 0; pixel < pixels; pixel++) matrix.add(truth, given);
    };
    count(0, 0, 6);
    count(1, 1, 2);
    count(1, 0, 2);
    // Class 2 does not occur.
    expect(matrix.mIoU).toBeCloseTo((6 / 8 + 2 / 4) / 2, 12);
    const wrong = { pixels: 2, given: 0, suggested: 1, truth: Uint32Array.of(0, 2, 0) };
    expect(matrix.afterReview([wrong]).mIoU).toBe(1);
    const mixed = { pixels: 4, given: 0, suggested: 1, truth: Uint32Array.of(2, 2, 0) };
    // The labels of four pixels are taken away: two that class 0 lacks now, and two that class 1 lacks as before.
    expect(matrix.afterReview([mixed]).mIoU).toBeCloseTo((4 / 6 + 2 / 4) / 2, 12);
    expect(matrix.mIoU).toBeCloseTo((6 / 8 + 2 / 4) / 2, 12);
  });
});

const knowledgeOf = (classCount: number) => ({
  selfConfidence: new Float64Array(classCount).fill(0.5),
});

describe('Judge', () => {
  const size = { width: 20, height: 10 };
  /** Returns an image whose left half is of class 0; a block of its labels is wrong, and the network knows. */
  function imageOf(block: number, index: number) {
    const truth = Uint8Array.from({ length: 200 }, (_, pixel) => (pixel % 20 < 10 ? 0 : 1));
    const labels = truth.map((label, pixel) => {
      const isInBlock = pixel % 20 < block && pixel < 20 * 5;
      return isInBlock ? 1 : label;
    });
    const likelihoods = Float32Array.from(
      [...truth].flatMap((label) => (label === 0 ? [0.9, 0.1] : [0.2, 0.8])),
    );
    const audited = {
      ...size,
      image: new Uint8Array(600),
      labels,
      classCount: 2,
      grid: { ...size, rows: 10, columns: 20 },
      likelihoods,
      inSample: null,
      knowledge: knowledgeOf(2),
    };
    const wrong = Float32Array.from(labels, (label, pixel) => (label === truth[pixel] ? 0.1 : 0.9));
    const pixels = Uint32Array.from(labels.keys()).filter((pixel) => labels[pixel] !== truth[pixel]);
    const box = [0, 0, block, 5] as const;
    const sums = { expectedWrong: 0.9 * pixels.length, confidence: 0.9, loss: 2, kind: 'object' } as const;
    const regions = block === 0 ? [] : [{ ...sums, box, pixels, given: 1, suggested: 0 }];
    const suspicions = { wrong, suggested: truth, confidence: wrong, losses: wrong };
    return [{ audited, suspicions, regions, index }, truth] as const;
  }

  it('scores every method on the same images, and leaves out those that lack likelihoods', () => {
    const judge = new Judge({ classCount: 2 });
    for (const [index, block] of [0, 4, 6].entries()) judge.add(...imageOf(block, index));
    const { methods, ...whole } = judge.judgment;
    expect(whole).toMatchObject({ images: 3, pixels: 600, baseRate: 50 / 600 });
    expect(whole.labelMIoU).toBeCloseTo((250 / 300 + 300 / 350) / 2, 12);
    expect(methods.map(({ method }) => method)).toEqual([
      'audit',
      'confident-learning',
      'softmin',
      'loss-out-of-fold',
      'random',
    ]);
    const perfect = {
      auprc: 1,
      recallAtOnePercent: 6 / 50,
      precisionAt50: 1,
      precisionAt100: 1,
      foundIn100: 1,
    };
    for (const method of ['audit', 'confident-learning', 'loss-out-of-fold']) {
      const scores = methods.find((one) => one.method === method);
      expect(scores).toMatchObject({ ...perfect, baseRate: 50 / 600 });
      expect(scores?.imageCorrelation).toBeCloseTo(1, 12);
      // Two decisions make all labels right.
      expect(scores?.mIoUPer100Decisions).toBeCloseTo((100 * (1 - whole.labelMIoU)) / 2, 9);
    }
    const softmin = methods.find(({ method }) => method === 'softmin');
    // The third image is reviewed first, then the second: 30 of 200 pixels are wrong, and 50 of 400.
    expect(softmin?.auprc).toBeCloseTo(0.6 * (30 / 200) + 0.4 * (50 / 400), 12);
    expect(softmin).toMatchObject({ precisionAt100: null, mIoUPer100Decisions: null });
    expect(methods.find(({ method }) => method === 'random')?.auprc).toBeLessThan(0.2);
  });

  it('judges loss in sample where the audit has such likelihoods, and refuses exact labels of another size', () => {
    const judge = new Judge({ classCount: 2 });
    const [image, truth] = imageOf(4, 0);
    const inSample = image.audited.likelihoods.slice();
    judge.add({ ...image, audited: { ...image.audited, inSample } }, truth);
    expect(judge.judgment.methods.map(({ method }) => method)).toContain('loss-in-sample');
    expect(() => judge.add(image, truth.subarray(1))).toThrow(RangeError);
  });
});
