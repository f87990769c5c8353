/** Reads what a run learned, for tests that compare runs bit for bit. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text of a run's metrics without the lines on memory, which depends on the machine and on how often a run stopped. */
export function learnedLines(folder: string): string {
  return readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => !line.includes('"split":"memory"'))
    .join('\n');
}
