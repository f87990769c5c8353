/** Makes lines of journals for tests, on an image of 6×4 pixels. */

import type { NewJournalLine } from 'coarsely/review';
import { formatRuns, maskRuns } from '#geometry/index.js';

export const size = { width: 6, height: 4 };

/** Names the image that the lines are about. */
export const place = { split: 'train', image: 'a', labels: 'coarse', ...size };

/** Returns a region of the pixels that are `#` in the rows of an image of 6×4 pixels. */
export function regionOf(
  rows: readonly string[],
  { id = 'r1', given = 'car', suggested = 'tree' }: { id?: string; given?: string; suggested?: string } = {},
) {
  const mask = Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0));
  return { id, given, suggested, runs: formatRuns(maskRuns(mask, size)) };
}

const left = ['##....', '##....', '......', '......'];

/** Returns a line that accepts what is suggested for the upper left corner. */
export function accept(more: Partial<NewJournalLine> = {}): NewJournalLine {
  return { by: 'anna', action: 'accept', ...place, region: regionOf(left), ...more } as NewJournalLine;
}
