/** Builds the `coarsely` command line from its commands, each in a folder of its own. */

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parseJson } from '../files/index.js';
import { applyCommand } from './commands/apply/apply.js';
import { auditCommand } from './commands/audit/audit.js';
import { checkCommand } from './commands/check/check.js';
import { coarsenCommand } from './commands/coarsen/coarsen.js';
import { demoCommand } from './commands/demo/demo.js';
import { doctorCommand } from './commands/doctor/doctor.js';
import { evaluateCommand } from './commands/evaluate/evaluate.js';
import { experimentCommand } from './commands/experiment/experiment.js';
import { exportLabelsCommand } from './commands/export-labels/export-labels.js';
import { figureCommand } from './commands/figure/figure.js';
import { fillCommand } from './commands/fill/fill.js';
import { importCommand } from './commands/import/import.js';
import { planCommand } from './commands/plan/plan.js';
import { predictCommand } from './commands/predict/predict.js';
import { recipesCommand } from './commands/recipes/recipes.js';
import { reportCommand } from './commands/report/report.js';
import { scenesCommand } from './commands/scenes/scenes.js';
import { suggestCommand } from './commands/suggest/suggest.js';
import { trainCommand } from './commands/train/train.js';
import { viewCommand } from './commands/view/view.js';
import { weightsCommand } from './commands/weights/weights.js';

/** Lists the commands by what they are for, in the order of the help. */
const groups = {
  'Data:': [
    importCommand,
    checkCommand,
    coarsenCommand,
    scenesCommand,
    planCommand,
    suggestCommand,
    fillCommand,
    auditCommand,
    applyCommand,
    exportLabelsCommand,
  ],
  'Train:': [trainCommand, recipesCommand, experimentCommand, demoCommand],
  'Look:': [viewCommand, evaluateCommand, reportCommand, figureCommand],
  'Deploy:': [predictCommand],
  'Setup:': [doctorCommand, weightsCommand],
};

const example = `
Example:
  $ coarsely demo
  $ coarsely check my-dataset
  $ coarsely train quick --data my-dataset
  $ coarsely report runs/quick
  $ coarsely train folder-arm --data my-dataset`;

/** Returns the whole command line, ready to parse; parsing throws a CommanderError instead of ending the process. */
export function createProgram(): Command {
  const { version } = parseJson(readFileSync(new URL('../../package.json', import.meta.url))) as {
    version: string;
  };
  const program = new Command('coarsely')
    .description('Train semantic segmentation models from coarse labels, with adversarial reweighting (ARM).')
    .version(version)
    .option('--verbose', 'print the stack of an error')
    // For the `help` command, which commander adds itself.
    .commandsGroup('Setup:')
    .helpCommand(true)
    .exitOverride()
    .addHelpText('after', example);
  for (const [group, commands] of Object.entries(groups)) {
    for (const create of commands) {
      program.addCommand(create().helpGroup(group).exitOverride().copyInheritedSettings(program));
    }
  }
  return program;
}
