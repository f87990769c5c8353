/** `coarsely fill RUN` writes label files in which what coarse labels leave open is filled. */

import { Command, Option } from 'commander';
import { formatPercent, formatTable } from '../../../format/index.js';
import { fraction } from '../../options/parse-options.js';
import { printNotice } from '../../output/print-notice.js';
import { createProgressLine } from '../../output/progress-line.js';

const example = `
For every image of the split, OUTPUT/SPLIT/NAME.png gets the labels that the image has, and beside them the classes of the
pixels that the network and the colors around decide. Points are labels too and say what lies around them. Look at the files
and correct what is wrong: they are ordinary labels. Train on them: --set data.train.labels=filled

Existing files are never overwritten; an interrupted fill goes on with the same command.

Example:
  $ coarsely train quick --data my-dataset
  $ coarsely fill runs/quick --data my-dataset
  $ coarsely train quick --data my-dataset --name quick-filled --set data.train.labels=filled`;

interface FillCommandOptions {
  readonly data?: string;
  readonly split?: string;
  readonly labels?: string;
  readonly points?: string | false;
  readonly threshold: number;
  readonly output?: string;
  readonly json?: boolean;
}

export function fillCommand(): Command {
  return new Command('fill')
    .description('fill what coarse labels leave open, from a trained network and the colors of the images')
    .argument('<run>', "a run's folder; its last checkpoint is used")
    .option('--data <root>', "the folder of the dataset, instead of the run's")
    .option('--split <name>', 'the split, instead of that of training')
    .option('--labels <name>', 'the labels that are filled up, instead of those of training')
    .option('--points <name>', 'a folder of points that are labels too, instead of that of training')
    .addOption(new Option('--no-points', 'use no points'))
    .option('--threshold <p>', 'leave pixels open whose class is less likely', fraction, 0.8)
    .option('--output <dir>', 'folder for SPLIT/NAME.png; filled in the dataset by default')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', example)
    .action(fill);
}

async function fill(run: string, { points, json = false, ...given }: FillCommandOptions): Promise<void> {
  const { fillLabels } = await import('../../../fill/index.js');
  const line = createProgressLine('filling');
  const summary = await fillLabels(run, {
    ...given,
    ...(typeof points === 'string' && { points }),
    ...(points === false && { points: null }),
    onProgress: line.show,
    onNotice: printNotice,
  }).finally(line.close);
  if (json) {
    process.stdout.write(`${JSON.stringify(summary)}\n`);
    return;
  }
  const { labeled, filled, open, classes } = summary;
  const all = [...labeled, ...filled, open].reduce((sum, count) => sum + count, 0);
  const share = (count: number) => formatPercent(count / all, { sign: true });
  const rows = classes.map((name, index) => [
    name,
    share(labeled[index] as number),
    share(filled[index] as number),
  ]);
  process.stdout.write(
    `${formatTable([['class', 'labeled', 'filled'], ...rows])}\n` +
      `wrote ${summary.images} label files to ${summary.output}; ${share(open)} of the pixels stay open\n`,
  );
}
