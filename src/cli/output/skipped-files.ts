/** Lists the bad files that a dataset leaves out, once and by name, before any long work begins. */

import type { ComponentSection } from '../../registry/index.js';

const shownFiles = 20;

/** Writes a line for each file to stderr, up to a readable number. */
export function tellSkipped({ kind, split }: ComponentSection, skipped: readonly string[]): void {
  if (skipped.length === 0) return;
  const files = skipped.length === 1 ? '1 bad file is' : `${skipped.length} bad files are`;
  const more = skipped.length - shownFiles;
  const lines = [
    `${kind} ${split}: ${files} left out`,
    ...skipped.slice(0, shownFiles).map((line) => `  ${line}`),
    ...(more > 0 ? [`  (and ${more} more)`] : []),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}
