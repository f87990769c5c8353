/** Writes the claims of a table as text, for Markdown and the report. */

import { counted, formatDifference } from '../format/index.js';
import { differenceText, intervalText, type TextTable } from './cell-text.js';
import { type ClaimVerdict, equalWithin } from './claim.js';
import type { ClaimResult } from './claim-result.js';

/** Tells how a verdict is reached, a sentence each. */
export const verdictNotes: readonly string[] = [
  'A verdict goes by Student’s t interval (95 %) of the difference over paired seeds: a claim holds when the whole interval ' +
    'has the sign that the paper claims, does not hold when it has the other sign, and is open when it contains 0.',
  `A claim that two runs are equally good holds when the whole interval lies within ±${equalWithin} points, and does not ` +
    'hold when all of it lies beyond. A claim that training does not converge holds when every seed diverged.',
  'The bootstrap’s interval (percentiles of 10 000 draws) is shown for comparison; it is too narrow for a few seeds. One ' +
    'of twenty intervals misses its mean by chance.',
];

/** Returns a sentence that counts the verdicts: `Of 8 claims 2 hold, 1 does not hold and 5 are open.` */
export function verdictCounts(claims: readonly ClaimResult[]): string {
  const count = (verdict: ClaimVerdict) => claims.filter((claim) => claim.verdict === verdict).length;
  const [holds, fails, open] = [count('holds'), count('does not hold'), count('open')];
  return (
    `Of ${counted(claims.length, 'claim')} of the paper ${holds} ${holds === 1 ? 'holds' : 'hold'}, ` +
    `${fails} ${fails === 1 ? 'does' : 'do'} not hold and ${open} ${open === 1 ? 'is' : 'are'} open.`
  );
}

/** Returns every cell of a table's claims as text; null when the table has none. */
export function claimTable(claims: readonly ClaimResult[]): TextTable | null {
  if (claims.length === 0) return null;
  return {
    heading: ['Claim of the paper', 'paper Δ', 'Δ mIoU', '95 % interval', 'bootstrap', 'seeds', 'verdict'],
    rows: claims.map(claimRow),
  };
}

function claimRow(claim: ClaimResult): string[] {
  const { statement, paperDifference, difference, seeds, diverged } = claim;
  const measured =
    difference === null
      ? ['NaN', `${diverged} of ${seeds} diverged`, '', '']
      : [
          paperDifference === null ? '–' : formatDifference(paperDifference),
          differenceText({ ...difference, deviation: null }),
          intervalText(difference.interval),
          intervalText(difference.bootstrap),
        ];
  return [statement, ...measured, String(seeds), reasonedVerdict(claim)];
}

/** Adds to an open verdict why there is no interval. */
function reasonedVerdict({ verdict, runName, againstName, expected, seeds, diverged }: ClaimResult): string {
  if (verdict !== 'open') return verdict;
  if (runName === null || (againstName === null && expected !== 'diverged')) return 'open: not run';
  if (seeds < 2 && expected !== 'diverged') return `open: ${seeds === 1 ? 'one seed' : 'no seeds'}`;
  return diverged > 0 ? `open: ${diverged} of ${seeds} seeds diverged` : verdict;
}
