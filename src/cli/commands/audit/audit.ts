/** `coarsely audit DATASET` finds labels that are probably wrong. */

import { Command } from 'commander';
import { collect, positiveNumber, wholeNumber } from '../../options/parse-options.js';
import type { AuditCommandOptions } from './run-audit.js';

const example = `
Divides the images into folds, trains a small head on frozen features for each fold from the images of the others, and
compares its predictions with the labels. Connected pixels whose label is probably wrong are a region. DIR gets
  regions.jsonl  the regions, those with most expected wrong pixels first
  audit.json     counts, which class is suggested for which, a score for each image
  audit.html     the first regions as pictures, to look at in a browser
The dataset is not changed. An interrupted audit goes on with the same command, and a finished one is only shown again.

Example:
  $ coarsely audit my-dataset
  $ coarsely audit my-dataset --labels scribbles --split train+val --regions 500
  $ coarsely audit my-dataset --run runs/quick --json`;

export function auditCommand(): Command {
  return new Command('audit')
    .description('find labels that are probably wrong, by networks that did not learn from them')
    .argument('<dataset>', 'the folder of the dataset')
    .option('--labels <name>', 'the labels that are audited (default: coarse, or the only ones)')
    .option('--split <name>', 'the split, or several joined by + (default: train)')
    .option('--folds <n>', 'folds of images', positiveNumber, 5)
    .option('--seeds <n>', 'heads for each fold, whose predictions are averaged', positiveNumber, 1)
    .option('--run <dir>', "judge by a run's network, in place of folds")
    .option('--config <source>', 'a config of quick training, or a recipe', 'quick')
    .option('--set <key=value>', 'change one key of the config; repeatable', collect)
    .option('--regions <n>', 'regions on the contact sheet', wholeNumber, 200)
    .option('--output <dir>', 'folder of the audit (default: runs/audit-NAME)')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', example)
    .action(async (dataset: string, options: AuditCommandOptions, command: Command) => {
      const { runAudit } = await import('./run-audit.js');
      process.exitCode = await runAudit(dataset, options, command);
    });
}
