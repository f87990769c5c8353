/**
 * What becomes of bad files in a large public dataset. Training goes on without the two that are broken among twenty
 * thousand; a score without some of its images could not be compared with anybody's.
 */

import { z } from 'zod';
import type { FileListing } from './file-listing.js';
import { hasImageEnd } from './image-end.js';
import type { MatchedFiles } from './match-files.js';
import type { FilePair } from './pair-table.js';

export const badFilesOption = z
  .enum(['auto', 'skip', 'stop'])
  .default('auto')
  .describe(
    '`skip` leaves bad files out, `stop` stops at the first, and `auto` skips in training splits and stops in the others.',
  );

export type BadFiles = z.output<typeof badFilesOption>;

/** Files looked at together: enough to hide the waiting for a disk. */
const together = 16;

export interface SettledFiles extends Pick<FileListing, 'pairs' | 'problems' | 'skipped'> {
  /** Files that break off and were left out: one may be whole when it is looked at again. */
  readonly broken: readonly string[];
}

/**
 * With `skip`, files without a partner and pairs of which one breaks off are left out, each with a line that names it;
 * otherwise what has no partner is a problem, and the rest is left to whoever checks or reads the files. Damage in the
 * middle of a file shows only in decoding, and stops in both cases.
 */
export async function settleBadFiles(
  { pairs, problems }: MatchedFiles,
  { skip }: { readonly skip: boolean },
): Promise<SettledFiles> {
  if (!skip) return { pairs, problems, skipped: [], broken: [] };
  const skipped = [...problems];
  const broken: string[] = [];
  const whole: FilePair[] = [];
  for (let start = 0; start < pairs.length; start += together) {
    const group = pairs.slice(start, start + together);
    const found = await Promise.all(group.map(async (pair) => ({ pair, file: await brokenFile(pair) })));
    for (const { pair, file } of found) {
      if (file === null) {
        whole.push(pair);
        continue;
      }
      broken.push(file);
      skipped.push(`${file}: breaks off before its end; fetch it again`);
    }
  }
  return { pairs: whole, problems: [], skipped, broken };
}

async function brokenFile({ image, labels }: FilePair): Promise<string | null> {
  if (!(await hasImageEnd(image))) return image;
  return labels === null || (await hasImageEnd(labels)) ? null : labels;
}
