/** `coarsely coarsen FINE OUT` draws quick polygons from exact labels, to try coarse labels without an annotator. */

import { Command } from 'commander';
import { wholeNumber } from '../../options/parse-options.js';
import { classesOption, type LabelReading, labelEncodingOption, readClassesNear } from './classes-near.js';
import { coarsenErrorsCommand } from './coarsen-errors.js';
import { coarsenPointsCommand } from './coarsen-points.js';

const example = `
Writes a coarse label PNG for every fine one, and prints the share of pixels that it labels and how often it agrees with
the fine one; for Cityscapes' own coarse labels these are 0.58 and 0.97.

Example:
  $ coarsely coarsen my-dataset/fine my-dataset/coarse --seed 1`;

interface CoarsenCommandOptions extends LabelReading {
  readonly seed: number;
}

export function coarsenCommand(): Command {
  return new Command('coarsen')
    .description('make coarse labels from fine ones, as a hurried annotator would draw them')
    .argument('<fine>', 'folder of fine label PNGs; subfolders are kept')
    .argument('<out>', 'folder for the coarse label PNGs; existing files are never overwritten')
    .option('--seed <n>', 'seed of every random draw', wholeNumber, 0)
    .addOption(classesOption())
    .addOption(labelEncodingOption())
    .addHelpText('after', example)
    .action(coarsen)
    .addCommand(coarsenPointsCommand())
    .addCommand(coarsenErrorsCommand());
}

async function coarsen(
  fine: string,
  out: string,
  { seed, classes, labelEncoding }: CoarsenCommandOptions,
): Promise<void> {
  const { coarsenFolder } = await import('../../../coarsen/index.js');
  const { formatAgreement } = await import('../../../coarsen/internal.js');
  const classList = await readClassesNear(fine, classes);
  const result = await coarsenFolder(fine, out, { seed, classList, labelEncoding });
  const classNames = classList?.classes.map(({ name }) => name) ?? [];
  process.stdout.write(`${formatAgreement(result, { classNames })}\n\n`);
  process.stdout.write(`wrote ${result.files} label files to ${out}\n`);
}
