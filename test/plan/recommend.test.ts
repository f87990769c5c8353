import { fitCurve, type PowerLaw, powerLawAt, recommend } from 'coarsely/plan';
import { describe, expect, it } from 'vitest';
import { type MadeCurve, madeCurve } from './made-curves.js';

const imageLaw = { limit: 0.55, drop: 0.5, rate: 0.6, shift: 0 };
const pointLaw = { limit: 0.57, drop: 0.3, rate: 0.5, shift: 6000 };
const hoursOfCoarse = 367 * 420;

const curveOf = (law: PowerLaw, made: MadeCurve) => fitCurve(madeCurve(law, { noise: 0.002, ...made }));
const coarse = (noise?: number) =>
  curveOf(imageLaw, { counts: [11, 23, 46, 92, 184, 257, 367], ...(noise !== undefined && { noise }) });
const points = (law: PowerLaw, noise?: number) =>
  curveOf(law, {
    ...(noise !== undefined && { noise }),
    kind: 'points',
    counts: [0, 367, 1101, 3670, 11_010, 36_700],
    today: 0,
    secondsBefore: hoursOfCoarse,
    secondsEach: 2,
  });

describe('what to label next', () => {
  it('is what gains most by its cost, with its gain over today', () => {
    // 18,000 points take 10 hours, and bring 0.30·(6000^-0.5 − 24000^-0.5) = 0.0019.
    const steep = { ...pointLaw, drop: 6 };
    const { options, decided, sentence } = recommend([coarse(), points(steep)], 10);
    expect(options.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['points', 18_000],
      ['coarse', 85],
    ]);
    expect(options[0]?.gain).toBeCloseTo(6 * (6000 ** -0.5 - 24_000 ** -0.5), 2);
    expect(options[1]?.gain).toBeCloseTo(powerLawAt(imageLaw, 452) - powerLawAt(imageLaw, 367), 2);
    expect(options[0]?.interval.lower).toBeLessThan(options[0]?.gain ?? 0);
    expect(options.map(({ extrapolated }) => extrapolated)).toEqual([false, true]);
    expect(decided).toBe(true);
    expect(sentence).toMatch(
      /^Label 18,000 points next: 10 hours would bring \+[34]\.\d mIoU \(95 % interval .* to .*\), against \+0\.\d mIoU \(95 % interval .*\) by 85 more coarse images\. It gains most in 100 % of the bootstrap\.$/,
    );
  });

  it('turns with the costs', () => {
    const steep = { ...pointLaw, drop: 6 };
    const cheapImages = { ...coarse(), secondsEach: 10 };
    const dearPoints = { ...points(steep), secondsEach: 2000 };
    expect(recommend([cheapImages, dearPoints], 10).options[0]?.kind).toBe('coarse');
  });

  it('is left open where the intervals overlap', () => {
    const even = recommend([coarse(0.01), { ...coarse(0.012), kind: 'fine', secondsEach: 430 }], 10);
    expect(even.decided).toBe(false);
    expect(even.sentence).toMatch(
      /^The curves do not decide between (coarse|fine) images and (coarse|fine) images/,
    );
    expect(even.options.reduce((sum, { bestShare }) => sum + bestShare, 0)).toBeCloseTo(1, 10);
  });

  it('says when nothing helps, nothing else was measured, or nothing can be bought', () => {
    const flat = { limit: 0.5, drop: 0, rate: 1, shift: 0 };
    const [a, b] = [coarse(0), points({ ...flat, shift: 1 }, 0)];
    const flatImages = fitCurve(madeCurve(flat, { counts: [11, 23, 46, 92], noise: 0 }));
    expect(recommend([flatImages, b], 10).sentence).toMatch(
      /^No kind of label is expected to bring anything in 10 hours/,
    );
    expect(recommend([a], 10).sentence).toContain('No other kind of label could be measured');
    expect(recommend([a], 0.1).sentence).toMatch(
      /^Not a single label can be made in 0\.1 hours; the cheapest takes 0\.12 hours/,
    );
  });

  it('does not offer to begin again with fine images alone', () => {
    const alone = fitCurve(madeCurve(imageLaw, { kind: 'fine-alone', counts: [11, 23, 46, 92], today: 0 }));
    expect(recommend([coarse(), alone], 100).options.map(({ kind }) => kind)).toEqual(['coarse']);
  });
});
