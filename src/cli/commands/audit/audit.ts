/** `coarsely audit DATASET` finds labels that are probably wrong. */

import { Command, InvalidArgumentError } from 'commander';
import type { LabelErrorKind } from '../../../coarsen/index.js';
import { collect, positiveNumber, wholeNumber } from '../../options/parse-options.js';
import type { InjectedErrors } from './judge-steps.js';
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
  $ coarsely audit my-dataset --run runs/quick --json

Where exact labels are known, they say how good the audit is, and decide as a person would:
  $ coarsely audit my-dataset --truth fine
  $ coarsely audit my-dataset --inject swap=0.1
  $ coarsely audit my-dataset --answers fine --review 100 --journal review.jsonl`;

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
    .option('--truth <labels>', 'judge the audit by exact labels: DIR/judge.md and judge.json')
    .option(
      '--inject <errors>',
      'audit exact labels (default: fine) with errors in a share of the objects: drop, swap or shift, =SHARE',
      injectedErrors,
    )
    .option('--inject-seed <n>', 'seed of the errors', wholeNumber, 0)
    .option('--answers <labels>', 'decide about the first regions as a person would, by exact labels')
    .option('--review <n>', 'regions that are decided about with --answers', positiveNumber, 100)
    .option('--journal <file>', 'journal of these decisions (default: DIR/review.jsonl)')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', example)
    .action(async (dataset: string, options: AuditCommandOptions, command: Command) => {
      const { runAudit } = await import('./run-audit.js');
      process.exitCode = await runAudit(dataset, options, command);
    });
}

const errorKinds = ['drop', 'swap', 'shift'] as const satisfies readonly LabelErrorKind[];

/** Parses a kind of errors with their share, such as `swap` or `drop=0.05`. */
function injectedErrors(text: string): InjectedErrors {
  const [name = '', share = '0.1', ...more] = text.split('=');
  const kind = errorKinds.find((known) => known === name);
  const value = Number(share);
  if (kind === undefined || more.length > 0 || !(value > 0 && value <= 1)) {
    throw new InvalidArgumentError('expected drop, swap or shift, with the share of the objects: swap=0.1.');
  }
  return { kind, share: value };
}
