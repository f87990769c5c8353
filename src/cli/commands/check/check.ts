/**
 * Implements `coarsely check`, which shows what a dataset holds, what is wrong with it, and the command that trains
 * on it.
 */

import { Command } from 'commander';
import { DataError } from '../../../errors/index.js';
import type { DatasetInspection } from '../../../inspect/index.js';
import { positiveNumber } from '../../options/parse-options.js';
import { createProgressLine } from '../../output/progress-line.js';

const example = `
All headers are read, and the content of some files of each split, evenly spread. Exit code 1 when training on it would
fail. Cityscapes and ADE20K are recognized by the folders of their official layouts.

Example:
  $ coarsely check my-dataset
  $ coarsely check my-dataset --all --json
  $ coarsely check my-dataset --propose-classes > my-dataset/proposed-classes.json`;

interface CheckCommandOptions {
  readonly kind?: string;
  readonly sample?: number;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly proposeClasses?: boolean;
}

export function checkCommand(): Command {
  return new Command('check')
    .description('look through a dataset: what it holds, what is wrong, and how to train on it')
    .argument('<dataset>', 'the folder with images/ and folders of labels, or of an official dataset')
    .option('--kind <name>', 'kind of dataset; by default recognized by its folders')
    .option('--sample <n>', 'files decoded in each split (default: 100)', positiveNumber)
    .option('--all', 'decode every file')
    .option('--json', 'print one JSON object instead of text')
    .option('--propose-classes', 'print a classes.json made from what the label files hold, and nothing else')
    .addHelpText('after', example)
    .action(check);
}

async function check(root: string, options: CheckCommandOptions): Promise<void> {
  const { inspectDataset } = await import('../../../inspect/index.js');
  const { defaultSample } = await import('../../../inspect/internal.js');
  const { recipes } = await import('../../../recipes/index.js');
  const { kind, sample = defaultSample, all = false, json = false, proposeClasses = false } = options;
  const line = createProgressLine('reading images');
  const inspection = await inspectDataset(root, {
    ...(kind === undefined ? {} : { kind }),
    sample: all ? null : sample,
    onProgress: line.show,
  }).finally(line.close);
  if (proposeClasses) {
    process.stdout.write(classListText(inspection));
    return;
  }
  const { trainCommand } = await import('./train-command.js');
  const { inspectionText } = await import('./inspection-text.js');
  const command = trainCommand(recipes.values(), inspection);
  const { verdict } = inspection;
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...inspection, verdict: { ...verdict, command } })}\n`
      : `${inspectionText(inspection, command)}\n`,
  );
  if (!verdict.usable) process.exitCode = 1;
}

/** Writes the classes as JSON, one to a line. */
function classListText({ root, proposedClasses, classes }: DatasetInspection): string {
  if (proposedClasses === null) {
    throw new DataError(
      classes === null
        ? `${root}: the label files hold nothing that a list of classes could be made from`
        : `${root}: classes.json fits the label files; there is nothing to propose`,
    );
  }
  const lines = proposedClasses.classes.map((entry) => `    ${JSON.stringify(entry)}`);
  return `{\n  "classes": [\n${lines.join(',\n')}\n  ]\n}\n`;
}
