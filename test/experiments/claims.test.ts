/** Judges claims by intervals whose verdict is plain, and measures those of Table 5 on scores made by hand. */

import {
  experimentTables,
  type KnownJob,
  paperScale,
  planExperiment,
  tableResult,
} from 'coarsely/experiments';
import { describe, expect, it } from 'vitest';
import { judgeComparison, judgeDivergence } from '#experiments/claim.js';
import { claimTable, verdictCounts } from '#experiments/claim-text.js';
import type { JobStatus } from '#experiments/job-status.js';
import { tableMarkdown } from '#experiments/markdown.js';
import { paperFigures } from '#experiments/paper-figures.js';
import { tablesNamed } from '#experiments/tables.js';

describe('a verdict', () => {
  it.each([
    ['higher', [0.1, 2], 'holds'],
    ['higher', [-2, -0.1], 'does not hold'],
    ['higher', [-0.1, 2], 'open'],
    ['higher', [0, 2], 'open'],
    ['lower', [-2, -0.1], 'holds'],
    ['lower', [0.1, 2], 'does not hold'],
    ['lower', [-2, 0.1], 'open'],
    ['equal', [-0.4, 0.5], 'holds'],
    // Certainly not 0, but certainly within half a point.
    ['equal', [0.1, 0.3], 'holds'],
    ['equal', [0.1, 0.8], 'open'],
    ['equal', [-0.6, 0.1], 'open'],
    ['equal', [0.6, 2], 'does not hold'],
    ['equal', [-2, -0.6], 'does not hold'],
  ] as const)('of %s with the interval %j is: %s', (expected, [lower, upper], verdict) => {
    expect(judgeComparison(expected, { lower, upper })).toBe(verdict);
    expect(judgeComparison(expected, null)).toBe('open');
  });

  it('on divergence goes by every seed', () => {
    expect(judgeDivergence({ diverged: 3, ended: 3 })).toBe('holds');
    expect(judgeDivergence({ diverged: 0, ended: 3 })).toBe('does not hold');
    expect(judgeDivergence({ diverged: 1, ended: 3 })).toBe('open');
    expect(judgeDivergence({ diverged: 0, ended: 0 })).toBe('open');
  });
});

describe('the claims of the paper', () => {
  it('compare runs of their own table, in the direction of the paper’s figures', () => {
    for (const { name, rows, claims } of experimentTables) {
      for (const claim of claims) {
        expect(
          rows.map(({ run }) => run),
          `${name}: ${claim.statement}`,
        ).toContainEqual(claim.run);
        const own = paperFigures(claim.run)?.mIoU as number;
        if (claim.expected === 'diverged') {
          expect(own, claim.statement).toBeNaN();
          continue;
        }
        expect(
          rows.map(({ run }) => run),
          `${name}: ${claim.statement}`,
        ).toContainEqual(claim.against);
        const difference = own - (paperFigures(claim.against)?.mIoU as number);
        if (claim.expected === 'equal') expect(Math.abs(difference), claim.statement).toBeLessThan(0.2);
        else expect(difference > 0, claim.statement).toBe(claim.expected === 'higher');
      }
    }
  });

  it('cover every row of the paper but the base models', () => {
    for (const { name, rows, claims } of experimentTables.filter(({ name }) => name.startsWith('table'))) {
      const claimed = claims.map(({ run }) => run);
      for (const { run, base } of rows) {
        if (base !== null) expect(claimed, `${name}: ${JSON.stringify(run)}`).toContainEqual(run);
      }
    }
  });
});

/** mIoU in per cent by run and seed; null is a run that diverged. */
const scored: Record<string, (number | null)[]> = {
  'cityscapes-fine-cross-entropy': [60, 62, 64],
  'cityscapes-fine-ohem': [61, 63, 65.3],
  'cityscapes-fine-arm': [60, 63, 63],
  'cityscapes-coarse-cross-entropy': [50, 52, 54],
  'cityscapes-coarse-ohem': [50.1, 52.2, 53.9],
  'cityscapes-coarse-arm': [48, 50.2, 52.1],
};

function statusOf(mIoU: number | null | undefined): JobStatus {
  if (mIoU === undefined) return { state: 'waiting' };
  if (mIoU === null) return { state: 'failed', diverged: true, message: 'the loss became NaN at step 3' };
  return {
    state: 'finished',
    scores: { aAcc: 0.9, mAcc: 0.8, mIoU: mIoU / 100 },
    seconds: 60,
    environment: {},
  };
}

function resultOf(name: string, scores: typeof scored) {
  const [table] = tablesNamed(name);
  if (table === undefined) throw new Error(`no ${name}`);
  const plan = planExperiment([table], {
    scale: paperScale({ cityscapes: 'root' }),
    seeds: 3,
    output: 'out',
  });
  const jobs: KnownJob[] = plan.jobs.map((job) => ({
    job,
    status: statusOf(scores[job.runName]?.[job.seed]),
  }));
  return tableResult(table, { plan, jobs });
}

describe('the claims of a table', () => {
  const result = resultOf('table5', scored);
  const verdicts = Object.fromEntries(result.claims.map(({ statement, verdict }) => [statement, verdict]));

  it('have verdicts by the interval of their paired differences', () => {
    expect(verdicts).toEqual({
      // 1, 1, 1.3: mean 1.1 ± 4.303 · 0.1732 / √3 = 1.1 ± 0.43.
      'OHEM gains on fine labels': 'holds',
      // 0, 1, −1.
      'ARM gains on fine labels': 'open',
      // −1, 0, −2.3: mean −1.1 ± 2.87.
      'ARM is better than OHEM on fine labels': 'open',
      'OHEM gains on ADE20K': 'open',
      'ARM gains on ADE20K': 'open',
      // 0.1, 0.2, −0.1: mean 0.067 ± 0.38.
      'OHEM changes nothing on coarse labels': 'holds',
      // −2, −1.8, −1.9: mean −1.9 ± 0.25.
      'ARM gains on coarse labels': 'does not hold',
      'ARM is better than OHEM on coarse labels': 'does not hold',
    });
    const [ohem] = result.claims;
    expect(ohem).toMatchObject({
      runName: 'cityscapes-fine-ohem',
      againstName: 'cityscapes-fine-cross-entropy',
      seeds: 3,
    });
    expect(ohem?.difference?.interval?.lower).toBeCloseTo(1.1 - 0.43027, 4);
    expect(ohem?.difference?.interval?.upper).toBeCloseTo(1.1 + 0.43027, 4);
    expect(ohem?.paperDifference).toBeCloseTo(0.47, 10);
  });

  it('are counted, and written with both intervals and the reason why nothing is known', () => {
    expect(verdictCounts(result.claims)).toBe(
      'Of 8 claims of the paper 2 hold, 2 do not hold and 4 are open.',
    );
    const rows = claimTable(result.claims)?.rows ?? [];
    expect(rows[6]).toEqual([
      'ARM gains on coarse labels',
      '+1.61',
      '−1.90',
      '−2.15 to −1.65',
      '−2.00 to −1.80',
      '3',
      'does not hold',
    ]);
    expect(rows[3]?.slice(2)).toEqual(['–', '–', '–', '0', 'open: not run']);
    const text = tableMarkdown(result, []);
    expect(text).toContain('| OHEM gains on fine labels | +0.47 | +1.10 | +0.67 to +1.53 |');
    expect(text).toContain('is open when it contains 0.');
  });

  it('stay open where a seed diverged or is missing', () => {
    const broken = resultOf('table5', {
      ...scored,
      'cityscapes-coarse-arm': [48, null, 52],
      'cityscapes-fine-arm': [70],
    });
    const rows = claimTable(broken.claims)?.rows ?? [];
    expect(rows[6]?.slice(2)).toEqual(['NaN', '–', '–', '3', 'open: 1 of 3 seeds diverged']);
    expect(rows[1]?.slice(2)).toEqual(['+10.00', '–', '–', '1', 'open: one seed']);
  });

  it('that training diverges are judged by counting', () => {
    const table2 = (p1: (number | null)[]) =>
      claimTable(resultOf('table2', { ...scored, 'cityscapes-coarse-arm-p1': p1 }).claims)?.rows[0];
    expect(table2([null, null, null])?.slice(1)).toEqual(['NaN', '3 of 3 diverged', '', '', '3', 'holds']);
    expect(table2([50, 51])?.slice(1)).toEqual(['NaN', '0 of 2 diverged', '', '', '2', 'does not hold']);
    expect(table2([50, null])?.at(-1)).toBe('open: 1 of 2 seeds diverged');
    expect(table2([])?.at(-1)).toBe('open');
  });
});
