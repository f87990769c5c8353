/** Prints failures: the message alone where a user can cause it, and a request to report it where it is a bug. */

import { CoarselyError } from '../../errors/index.js';

/** Writes an error to stderr, with its stack when `verbose`. */
export function printError(error: unknown, { verbose }: { readonly verbose: boolean }): void {
  if (error instanceof CoarselyError) {
    process.stderr.write(`coarsely: ${error.message}\n`);
  } else {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`coarsely: unexpected error: ${message}\n`);
    if (!verbose) process.stderr.write('this looks like a bug; run again with --verbose for the stack\n');
  }
  if (verbose && error instanceof Error) process.stderr.write(`${withCauses(error)}\n`);
}

function withCauses(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by ${withCauses(error.cause)}` : stack;
}
