#!/usr/bin/env node
/** The `coarsely` command: one file for each subcommand, which parses, validates, delegates and prints. */

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CoarselyError } from '../errors/index.js';
import { checkCommand } from './commands/check.js';
import { coarsenCommand } from './commands/coarsen.js';
import { demoCommand } from './commands/demo.js';
import { doctorCommand } from './commands/doctor.js';
import { evaluateCommand } from './commands/evaluate.js';
import { experimentCommand } from './commands/experiment.js';
import { figureCommand } from './commands/figure.js';
import { predictCommand } from './commands/predict.js';
import { recipesCommand } from './commands/recipes.js';
import { reportCommand } from './commands/report.js';
import { scenesCommand } from './commands/scenes.js';
import { trainCommand } from './commands/train.js';
import { exitCodes } from './exit-codes.js';
import { tellError } from './launched-rank.js';
import { printError } from './print-error.js';

const commands = [
  demoCommand,
  trainCommand,
  evaluateCommand,
  predictCommand,
  checkCommand,
  coarsenCommand,
  scenesCommand,
  reportCommand,
  figureCommand,
  experimentCommand,
  recipesCommand,
  doctorCommand,
];

const example = `
Example:
  $ coarsely demo
  $ coarsely check my-dataset
  $ coarsely train folder-arm --data my-dataset
  $ coarsely report runs/folder-cross-entropy runs/folder-arm`;

function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('coarsely')
    .description('Train semantic segmentation models from coarse labels, with adversarial reweighting (ARM).')
    .version(version)
    .option('--verbose', 'print the stack of an error')
    .exitOverride()
    .addHelpText('after', example);
  for (const create of commands) program.addCommand(create().exitOverride().copyInheritedSettings(program));
  return program;
}

/** The exit code: 0 when all went well, or one of `exitCodes`. */
async function main(): Promise<number> {
  const program = createProgram();
  try {
    if (process.argv.length <= 2) program.help();
    await program.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    if (!tellError(error)) printError(error, { verbose: process.argv.includes('--verbose') });
    return error instanceof CoarselyError && error.code === 'divergence'
      ? exitCodes.diverged
      : exitCodes.failure;
  }
}

// A reader that went away (`| head`) is no failure of this program: end as any command in a pipe does.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCodes.brokenPipe : exitCodes.failure),
);

process.exitCode = await main();
