/** Names the bad files that a dataset leaves out, once, before anything long begins. */

import { counted } from '../../format/index.js';
import type { ComponentSection } from '../../registry/index.js';

/** Files above this number are counted, not named. */
const namedFiles = 20;

/**
 * Writes a line for each file to stderr.
 *
 * @param skipped for each file its path and what is wrong with it
 */
export function printSkipped({ kind, split }: ComponentSection, skipped: readonly string[]): void {
  if (skipped.length === 0) return;
  const files = counted(skipped.length, 'bad file is', 'bad files are');
  const more = skipped.length - namedFiles;
  const lines = [
    `${kind} ${split}: ${files} left out`,
    ...skipped.slice(0, namedFiles).map((line) => `  ${line}`),
    ...(more > 0 ? [`  (and ${more} more)`] : []),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}
