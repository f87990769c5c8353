/** Finds the regions of an audit that are decided, and so in doubt no longer. */

import type { Decision } from './journal-line.js';
import { orderLines } from './order-lines.js';
import { readJournal } from './read-journal.js';

/**
 * Returns the ids of the regions that the journals hold a decision about. A decision that was taken back does not count, and
 * neither do those about which people disagree.
 *
 * @throws {DataError} naming the journal when it cannot be read
 */
export function decidedRegions(journals: readonly string[]): Set<string> {
  const { decisions } = orderLines(
    journals.map((path) => readJournal(path).lines),
    { prefer: null },
  );
  const results = new Map<string, Set<string | null>>();
  for (const { line } of decisions) {
    if (!('region' in line)) continue;
    const known = results.get(line.region.id) ?? new Set();
    results.set(line.region.id, known.add(resultOf(line)));
  }
  return new Set([...results].filter(([, known]) => known.size === 1).map(([id]) => id));
}

/** Returns the class that a decision gives its region; null for none. */
function resultOf(line: Extract<Decision, { region: unknown }>): string | null {
  switch (line.action) {
    case 'accept':
      return line.region.suggested;
    case 'keep':
      return line.region.given;
    case 'assign':
      return line.class;
    case 'unlabel':
      return null;
  }
}
