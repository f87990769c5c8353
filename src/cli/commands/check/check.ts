/** `coarsely check DATASET` prints what a dataset holds, which problems it has, and the command that trains on it. */

import { Command } from 'commander';
import { isSection, parseSetOptions } from '../../../config/internal.js';
import { ConfigError, DataError } from '../../../errors/index.js';
import { exitCodes } from '../../../errors/internal.js';
import type { DatasetInspection } from '../../../inspect/index.js';
import { positiveNumber } from '../../options/parse-options.js';
import { createProgressLine } from '../../output/progress-line.js';

const example = `
Reads the headers of all files, and decodes some files of each split, evenly spread. The exit code is 1 when training on
the dataset would fail. Cityscapes and ADE20K are recognized by the folders of their official layouts.

Example:
  $ coarsely check my-dataset
  $ coarsely check my-dataset --all --json
  $ coarsely check my-dataset --set data.labelEncoding=color
  $ coarsely check my-dataset --propose-classes > my-dataset/proposed-classes.json`;

interface CheckCommandOptions {
  readonly kind?: string;
  readonly set?: readonly string[];
  readonly sample?: number;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly proposeClasses?: boolean;
}

export function checkCommand(): Command {
  return new Command('check')
    .description('check a dataset: what it holds, which problems it has, and how to train on it')
    .argument('<dataset>', 'the folder with images/ and folders of labels, or of an official dataset')
    .option('--kind <name>', 'kind of dataset; by default recognized by its folders')
    .option('--sample <n>', 'files decoded in each split (default: 100)', positiveNumber)
    .option('--all', 'decode every file')
    .option('--set <key=value...>', 'how files are read, as in training: data.labelSuffix=_mask')
    .option('--json', 'print one JSON object instead of text')
    .option('--propose-classes', 'print only a classes.json made from the values in the label files')
    .addHelpText('after', example)
    .action(check);
}

async function check(root: string, options: CheckCommandOptions): Promise<void> {
  const { inspectDataset } = await import('../../../inspect/index.js');
  const { defaultSample } = await import('../../../inspect/internal.js');
  const { recipes } = await import('../../../recipes/index.js');
  const {
    kind,
    set = [],
    sample = defaultSample,
    all = false,
    json = false,
    proposeClasses = false,
  } = options;
  const line = createProgressLine('reading images');
  const inspection = await inspectDataset(root, {
    ...(kind === undefined ? {} : { kind }),
    options: datasetOptions(set),
    sample: all ? null : sample,
    onProgress: line.show,
  }).finally(line.close);
  if (proposeClasses) {
    process.stdout.write(classListText(inspection));
    return;
  }
  const { suggestedCommands } = await import('./suggested-command.js');
  const { inspectionText } = await import('./inspection-text.js');
  const commands = suggestedCommands(recipes.values(), inspection);
  const command = commands[0]?.command ?? null;
  const { verdict } = inspection;
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...inspection, verdict: { ...verdict, command, commands } })}\n`
      : `${inspectionText(inspection, commands)}\n`,
  );
  if (!verdict.usable) process.exitCode = exitCodes.failure;
}

/** Returns the options of the dataset in `--set data.KEY=VALUE`. */
function datasetOptions(set: readonly string[]): Readonly<Record<string, unknown>> {
  const { data = {}, ...others } = parseSetOptions(set);
  const [other] = Object.keys(others);
  if (other !== undefined || !isSection(data)) {
    throw new ConfigError(
      `check: --set takes options of the dataset, such as data.labelSuffix=_mask, not ${other ?? 'data'}`,
    );
  }
  return data;
}

/** Writes the proposed list with one class on each line, as a person would write it. */
function classListText({ root, proposedClasses, classes }: DatasetInspection): string {
  if (proposedClasses === null) {
    throw new DataError(
      classes === null
        ? `${root}: the label files hold no values to make a list of classes from`
        : `${root}: classes.json fits the label files; there is nothing to propose`,
    );
  }
  const lines = proposedClasses.classes.map((entry) => `    ${JSON.stringify(entry)}`);
  return `{\n  "classes": [\n${lines.join(',\n')}\n  ]\n}\n`;
}
