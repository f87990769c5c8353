/** Compares coarse labels with fine ones: the share of pixels that each labels, and how often the two agree. */

import type { ClassList } from '../data/index.js';
import { formatPercent } from '../format/index.js';
import { coarseFirst } from './choose-parts.js';
import type { LabelComparison } from './dataset-inspection.js';
import type { ScannedPair } from './scan.js';

/** Marks low agreement, which points to different class orders or a wrong folder rather than to coarse drawing. */
const lowAgreement = 0.8;

/** Returns one comparison for each pair of label folders that have at least one image in common. */
export function compareLabels(pairs: readonly ScannedPair[], classList: ClassList | null): LabelComparison[] {
  return pairs.filter(({ tally }) => tally.images > 0).map((pair) => compare(pair, classList));
}

function compare({ split, sets, tally }: ScannedPair, classList: ClassList | null): LabelComparison {
  const shares = [tally.labeledShare(0), tally.labeledShare(1)] as const;
  const byShare = shares[0] <= shares[1] ? sets : [sets[1], sets[0]];
  // Names take precedence over shares, as sorting keeps the order of equal elements.
  const [coarse] = coarseFirst(byShare, []);
  const coarseAt = coarse === sets[0] ? 0 : 1;
  const fineAt = coarseAt === 0 ? 1 : 0;
  const names = classList?.classes.map(({ name }) => name) ?? [];
  return {
    split,
    coarse: sets[coarseAt],
    fine: sets[fineAt],
    images: tally.images,
    coarseLabeled: shares[coarseAt],
    fineLabeled: shares[fineAt],
    ratio: shares[fineAt] === 0 ? null : shares[coarseAt] / shares[fineAt],
    agreement: tally.agreement(),
    perClass: names.map((name, index) => ({ name, agreement: tally.classAgreement(coarseAt, index) })),
  };
}

/** Returns notes about a comparison that points to a mistake: low agreement, or two identical label folders. */
export function comparisonHints({ split, coarse, fine, agreement, ratio }: LabelComparison): string[] {
  const hints: string[] = [];
  if (agreement !== null && agreement < lowAgreement) {
    hints.push(
      `${split}: ${coarse} and ${fine} agree on only ${formatPercent(agreement, { decimals: 0, sign: true })} of the pixels that both label; ` +
        `do both count classes in the order of classes.json?`,
    );
  }
  if (agreement === 1 && ratio === 1) {
    hints.push(`${split}: ${coarse} and ${fine} are the same`);
  }
  return hints;
}
