/** `coarsely figure KIND RUN…` draws a figure of the paper from one or several runs. */

import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { FigureKind } from '../../../figures/index.js';
import { formatTable } from '../../../format/index.js';
import { positiveNumber } from '../../options/parse-options.js';
import { printLeftOut } from '../../output/print-left-out.js';
import { printNotice } from '../../output/print-notice.js';

const example = `
Figures:
  2       correct and mislabeled pixels by loss and by confidence, and over training time
  3       labels, class likelihood, confidence, loss and weight of images, as maps
  4       pixels of low confidence, painted green
  5       mean loss by confidence
  theory  the weights W(v̂) against E[l | v̂]^(1/(p−1)), section 3.4

Figures 2, 5 and theory show what training recorded (training.statistics); where it recorded nothing, or with --images,
--split or --fine-labels, they are measured with the last checkpoint.

Example:
  $ coarsely figure 2 runs/folder-arm
  $ coarsely figure 4 runs/folder-arm --split evaluation --images 3 --threshold -0.2
  $ coarsely figure theory runs/arm-p2 runs/arm-p3 --images 16 --out figures`;

interface FigureCommandOptions {
  readonly images?: number;
  readonly split?: 'train' | 'evaluation';
  readonly fineLabels?: string;
  readonly threshold?: number;
  readonly out?: string;
  readonly overwrite?: boolean;
}

export function figureCommand(): Command {
  return new Command('figure')
    .description('draw a figure of the paper from one or several runs: its files, numbers and a table')
    .addArgument(new Argument('<figure>', 'the figure').choices(['2', '3', '4', '5', 'theory']))
    .argument('<run...>', 'run folders')
    .option('--images <count>', 'number of images, spread evenly over the split', positiveNumber)
    .addOption(new Option('--split <part>', 'the split of the images').choices(['train', 'evaluation']))
    .option('--fine-labels <name>', 'labels to compare those of training with')
    .option('--threshold <confidence>', 'figure 4: paint below this confidence (0 by default)', confidence)
    .option('--out <folder>', 'folder for the files; by default figures/ in the first run')
    .option('--overwrite', 'replace files that exist')
    .addHelpText('after', example)
    .action(async (kind: FigureKind, runs: string[], { out, ...options }: FigureCommandOptions) => {
      const { writeFigure } = await import('../../../figures/index.js');
      const { paths, table } = await writeFigure(kind, runs, {
        ...options,
        onNotice: printNotice,
        onLeftOut: printLeftOut,
        ...(out !== undefined && { output: out }),
      });
      process.stdout.write(`${formatTable(table)}\n\n${paths.map((path) => `wrote ${path}\n`).join('')}`);
    });
}

function confidence(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= -1 && value <= 1)) {
    throw new InvalidArgumentError('expected a number from −1 to 1.');
  }
  return value;
}
