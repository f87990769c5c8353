/** Prints what a command left out, which makes it end with the exit code of a failure although the rest is done. */

import { exitCodes } from '../../errors/internal.js';
import { printable } from './printable.js';

/** Writes a line to stderr, `skipped NAME: REASON`, and sets the exit code. */
export function printLeftOut(line: string): void {
  process.stderr.write(`skipped ${printable(line)}\n`);
  process.exitCode = exitCodes.failure;
}
