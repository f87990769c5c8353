/** Says what the next hours of labeling would bring, by each kind of label, and which one to take. */

import type { Interval } from '../experiments/index.js';
import { counted, formatDifference, formatNumber, formatPercent } from '../format/index.js';
import { type FittedCurve, intervalOf } from './fit-curve.js';
import { type CurveKind, curveNames } from './learning-curve.js';
import { type PowerLaw, powerLawAt } from './power-law.js';

/** Describes one way to spend the next hours. */
export interface LabelingOption {
  readonly kind: CurveKind;
  readonly hours: number;
  /** Counts the labels that the hours buy, in whole labels. */
  readonly amount: number;
  /** Is the gain in mIoU over today, between −1 and 1. */
  readonly gain: number;
  /** Is the 95 % interval of the gain. */
  readonly interval: Interval;
  /** Is the share of the bootstrap in which this option gains most. */
  readonly bestShare: number;
  /** Is true where more labels are asked about than were measured. */
  readonly extrapolated: boolean;
}

/** Says what to label next. */
export interface Recommendation {
  readonly hours: number;
  /** Holds the options, the best first; those whose hours do not buy a single label are left out. */
  readonly options: readonly LabelingOption[];
  /** Is true when the best option gains most in at least 95 % of the bootstrap, or is the only one that was measured. */
  readonly decided: boolean;
  readonly sentence: string;
}

/** Is the share of the bootstrap from which on an option counts as the best. */
const decidedFrom = 0.95;

/** Returns the options of the curves that add to today's labels, for a number of hours. */
export function recommend(curves: readonly FittedCurve[], hours: number): Recommendation {
  const additions = curves.filter(({ kind }) => kind !== 'fine-alone' || curves.length === 1);
  const affordable = additions.flatMap((curve) => {
    const amount = Math.floor((hours * 3600) / curve.secondsEach + 1e-9);
    return amount < 1 ? [] : [{ curve, amount }];
  });
  const gainsOf = affordable.map(({ curve, amount }) =>
    curve.replicates.map((law) => gainOf(curve, { law, amount })),
  );
  const wins = affordable.map(() => 0);
  for (const [replicate] of gainsOf[0]?.entries() ?? []) {
    const gains = gainsOf.map((of) => of[replicate] as number);
    // Equal gains, as where nothing helps, are nobody's win.
    const best = Math.max(...gains);
    const winners = gains.filter((gain) => gain === best).length;
    for (const [place, gain] of gains.entries())
      if (gain === best) wins[place] = (wins[place] ?? 0) + 1 / winners;
  }
  const options = affordable
    .map(
      ({ curve, amount }, place): LabelingOption => ({
        kind: curve.kind,
        hours,
        amount,
        gain: gainOf(curve, { law: curve.law, amount }),
        interval: intervalOf(gainsOf[place] as number[]),
        bestShare: (wins[place] as number) / Math.max(1, curve.replicates.length),
        extrapolated: curve.today + amount > (curve.measurements.at(-1)?.count ?? 0),
      }),
    )
    .toSorted((a, b) => b.gain - a.gain);
  const [best] = options;
  const decided = best !== undefined && (options.length === 1 || best.bestShare >= decidedFrom);
  return { hours, options, decided, sentence: sentenceOf(options, { hours, decided, measured: additions }) };
}

function gainOf(
  { today }: FittedCurve,
  { law, amount }: { readonly law: PowerLaw; readonly amount: number },
): number {
  return powerLawAt(law, today + amount) - powerLawAt(law, today);
}

function sentenceOf(
  options: readonly LabelingOption[],
  {
    hours,
    decided,
    measured,
  }: { readonly hours: number; readonly decided: boolean; readonly measured: readonly FittedCurve[] },
): string {
  const time = counted(hours, 'hour');
  const [best, ...others] = options;
  if (best === undefined) {
    const cheapest = Math.min(...measured.map(({ secondsEach }) => secondsEach)) / 3600;
    return `Not a single label can be made in ${time}; the cheapest takes ${formatNumber(cheapest, { digits: 2 })} hours.`;
  }
  const against = others.map((option) => `${gainText(option)} by ${amountText(option)}`).join(' and ');
  if (others.length === 0) {
    return (
      `${time} of labeling as ${amountText(best)} would bring ${gainText(best)}. ` +
      'No other kind of label could be measured, so nothing is said about which is better.'
    );
  }
  if (best.interval.lower <= 0 && best.gain < 0.001) {
    return `No kind of label is expected to bring anything in ${time}: ${gainText(best)} by ${amountText(best)}, ${against}.`;
  }
  if (decided) {
    return (
      `Label ${amountText(best)} next: ${time} would bring ${gainText(best)}, against ${against}. ` +
      `It gains most in ${formatPercent(best.bestShare, { decimals: 0, sign: true })} of the bootstrap.`
    );
  }
  const close = others.filter(({ bestShare }) => bestShare > 1 - decidedFrom);
  const rivals = (close.length > 0 ? close : others.slice(0, 1)).map(
    (option) => curveNames[option.kind].title,
  );
  return (
    `The curves do not decide between ${curveNames[best.kind].title} and ${rivals.join(' or ')}: ` +
    `${time} would bring ${gainText(best)} by ${amountText(best)}, ${against}. ` +
    'More seeds (--seeds) narrow the intervals.'
  );
}

/** Writes a gain with its interval: `+2.9 mIoU (95 % interval +2.1 to +3.6)`. */
function gainText({ gain, interval }: Pick<LabelingOption, 'gain' | 'interval'>): string {
  return `${points(gain)} mIoU (95 % interval ${points(interval.lower)} to ${points(interval.upper)})`;
}

/** Writes what is labeled: `86 more coarse images`, `18,000 points`. */
export function amountText({ kind, amount }: Pick<LabelingOption, 'kind' | 'amount'>): string {
  const { unit } = curveNames[kind];
  return counted(amount, kind === 'coarse' || kind === 'fine-alone' ? `more ${unit}` : unit);
}

function points(difference: number): string {
  return formatDifference(100 * difference, { decimals: 1 });
}
