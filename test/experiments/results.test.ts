/** Compares the arithmetic of a table with values computed by hand. */

import { type KnownJob, paperScale, planExperiment, tableResult } from 'coarsely/experiments';
import { describe, expect, it } from 'vitest';
import { differenceText, intervalText, scoreText } from '#experiments/cell-text.js';
import type { JobStatus } from '#experiments/job-status.js';
import { tableMarkdown } from '#experiments/markdown.js';
import { summarize } from '#experiments/paired-difference.js';
import { tablesNamed } from '#experiments/tables.js';

describe('summarize', () => {
  it('gives mean and sample deviation', () => {
    expect(summarize([2, 4, 9])).toEqual({ mean: 5, deviation: Math.sqrt(13), count: 3 });
    expect(summarize([7])).toEqual({ mean: 7, deviation: null, count: 1 });
    expect(summarize([])).toEqual({ mean: null, deviation: null, count: 0 });
    expect(summarize([1, Number.NaN]).mean).toBeNaN();
  });

  it('reads as a person writes it', () => {
    expect(scoreText({ mean: 71.936, deviation: 0.2049, count: 3 })).toBe('71.94 ± 0.20');
    expect(scoreText({ mean: 71.9, deviation: null, count: 1 })).toBe('71.90');
    expect(scoreText({ mean: null, deviation: null, count: 0 })).toBe('–');
    expect(scoreText({ mean: Number.NaN, deviation: Number.NaN, count: 2 })).toBe('NaN');
    expect(differenceText({ mean: 1.61, deviation: 0.3, count: 3 })).toBe('+1.61 ± 0.30');
    expect(differenceText({ mean: -0.02, deviation: null, count: 1 })).toBe('−0.02');
    expect(differenceText({ mean: 0.001, deviation: null, count: 1 })).toBe('0.00');
    expect(intervalText({ lower: -0.821, upper: 0.3 })).toBe('−0.82 to +0.30');
    expect(intervalText(null)).toBe('–');
  });
});

/** mIoU in per cent by run and seed; null is a run that diverged, `killed` one that ended for another reason. */
const scored: Record<string, (number | null | 'killed')[]> = {
  'cityscapes-fine-cross-entropy': [60, 62, 64],
  'cityscapes-fine-ohem': [61, 61],
  'cityscapes-fine-arm': [63, null],
  'cityscapes-coarse-cross-entropy': [50, 52, 54],
  'cityscapes-coarse-ohem': [51, 'killed', 57],
  'cityscapes-coarse-arm': ['killed'],
};

function statusOf(mIoU: number | null | undefined | 'killed'): JobStatus {
  if (mIoU === undefined) return { state: 'waiting' };
  if (mIoU === 'killed')
    return { state: 'failed', diverged: false, message: 'its process was ended by SIGKILL' };
  if (mIoU === null)
    return { state: 'failed', diverged: true, message: 'the loss became NaN at step 3\nmore' };
  const scores = { aAcc: 0.9, mAcc: null, mIoU: mIoU / 100 };
  return { state: 'finished', scores, seconds: 60, environment: {} };
}

describe('a table', () => {
  const [table] = tablesNamed('table5');
  if (table === undefined) throw new Error('no table 5');
  const plan = planExperiment([table], {
    scale: paperScale({ cityscapes: 'root' }),
    seeds: 3,
    output: 'out',
  });
  const jobs: KnownJob[] = plan.jobs.map((job) => ({
    job,
    status: statusOf(scored[job.runName]?.[job.seed]),
  }));
  const result = tableResult(table, { plan, jobs });
  const [base, ohem, arm, ade] = result.rows;

  it('has the mean over the seeds that ended', () => {
    expect(base?.scores.mIoU).toEqual({ mean: 62, deviation: 2, count: 3 });
    expect(base?.difference).toBeNull();
    // A score that does not exist is no NaN, which is a run that did not converge.
    expect(base?.scores.mAcc).toEqual({ mean: null, deviation: null, count: 0 });
  });

  it('takes differences seed by seed, over the seeds that both have', () => {
    // 61 − 60 and 61 − 62.
    expect(ohem?.difference?.mean).toBeCloseTo(0, 10);
    expect(ohem?.difference?.deviation).toBeCloseTo(Math.SQRT2, 10);
    expect(ohem?.difference?.count).toBe(2);
    expect(ohem?.paperDifference).toBeCloseTo(0.47, 10);
  });

  it('keeps a run that diverged as NaN, with its message', () => {
    expect(arm?.scores.mIoU.mean).toBeNaN();
    expect(arm?.remarks).toEqual(['cityscapes-fine-arm-seed1 ended early: the loss became NaN at step 3']);
  });

  it('leaves a run that failed for another reason out of means and counts, and says so', () => {
    const [, ohemCoarse, armCoarse] = result.rows.slice(6);
    expect(ohemCoarse?.scores.mIoU).toMatchObject({ mean: 54, count: 2 });
    expect(ohemCoarse?.scores.mIoU.deviation).toBeCloseTo(Math.sqrt(18), 10);
    // 51 − 50 and 57 − 54.
    expect(ohemCoarse?.difference?.mean).toBeCloseTo(2, 10);
    expect(ohemCoarse?.difference?.count).toBe(2);
    expect(ohemCoarse?.remarks).toEqual([
      'cityscapes-coarse-ohem-seed1 ended early: its process was ended by SIGKILL',
    ]);
    expect(armCoarse?.scores.mIoU).toEqual({ mean: null, deviation: null, count: 0 });
  });

  it('says what does not run, and leaves what has not run empty', () => {
    expect(ade).toMatchObject({
      runName: null,
      remarks: ['rows of ade20k are not run: name its folder with --data ade20k=ROOT'],
    });
    expect(ade?.scores.mIoU).toEqual({ mean: null, deviation: null, count: 0 });
  });

  it('is Markdown in the form of the paper', () => {
    const lines = tableMarkdown(result, ['a note']).split('\n');
    expect(lines[0]).toBe('# Table 5: Comparison with OHEM, validation sets, single scale');
    expect(lines[2]).toBe(
      '| Dataset | Method | aAcc | mAcc | mIoU | Δ mIoU | 95 % interval | seeds | paper aAcc | paper mAcc | paper mIoU | paper Δ |',
    );
    expect(lines[5]).toBe(
      '| Cityscapes Fine | OHEM | 90.00 ± 0.00 | – | 61.00 ± 0.00 | 0.00 ± 1.41 | −12.71 to +12.71 | 2 | 96.52 | 90.74 | 81.23 | +0.47 |',
    );
    expect(lines.at(-2)).toBe('- a note');
    expect(lines).toContain('- cityscapes-fine-arm-seed1 ended early: the loss became NaN at step 3');
  });
});
