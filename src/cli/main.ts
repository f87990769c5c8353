#!/usr/bin/env node
/** Runs the `coarsely` command and turns errors into messages and exit codes. */

import { CommanderError } from 'commander';
import { CoarselyError } from '../errors/index.js';
import { exitCodes } from '../errors/internal.js';
import { listenToFileNotices } from '../files/index.js';
import { printError } from './output/print-error.js';
import { printNotice } from './output/print-notice.js';
import { createProgram } from './program.js';
import { sendError } from './training/parent-process.js';

/** Runs the command line and returns the exit code: 0 on success, or one of `exitCodes`. */
async function main(): Promise<number> {
  const program = createProgram();
  listenToFileNotices(printNotice);
  try {
    if (process.argv.length <= 2) program.help();
    await program.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    const parentPrints = sendError(error);
    if (!parentPrints) printError(error, { verbose: process.argv.includes('--verbose') });
    return error instanceof CoarselyError && error.code === 'divergence'
      ? exitCodes.diverged
      : exitCodes.failure;
  }
}

// When the reader of a pipe ends first, as in `| head`, the program ends with the exit code that a shell expects of it.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCodes.brokenPipe : exitCodes.failure),
);

process.exitCode = await main();
