/** Builds the `coarsely` command line: one file for each subcommand, which parses, validates, delegates and prints. */

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { checkCommand } from './commands/check/check.js';
import { coarsenCommand } from './commands/coarsen/coarsen.js';
import { demoCommand } from './commands/demo/demo.js';
import { doctorCommand } from './commands/doctor/doctor.js';
import { evaluateCommand } from './commands/evaluate/evaluate.js';
import { experimentCommand } from './commands/experiment/experiment.js';
import { figureCommand } from './commands/figure/figure.js';
import { predictCommand } from './commands/predict/predict.js';
import { recipesCommand } from './commands/recipes/recipes.js';
import { reportCommand } from './commands/report/report.js';
import { scenesCommand } from './commands/scenes/scenes.js';
import { trainCommand } from './commands/train/train.js';

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

/** Returns the whole command line, ready to parse; parsing throws a CommanderError instead of ending the process. */
export function createProgram(): Command {
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
