/** `coarsely coarsen points DATASET` draws points from exact labels, to try them without an annotator. */

import path from 'node:path';
import { Command, Option } from 'commander';
import { positiveNumber, wholeNumber } from '../../options/parse-options.js';
import { printNotice } from '../../output/print-notice.js';

const example = `
Writes points/SPLIT/NAME.json for every image: single pixels with the class that the exact labels give them, drawn at random
where the coarse labels have none. Existing files are never overwritten. A run learns from them by data.points of its config.

Examples:
  $ coarsely coarsen points my-dataset --count 30
  $ coarsely coarsen points my-dataset --count 100 --where anywhere --output my-dataset/points-100`;

interface CoarsenPointsOptions {
  readonly kind: string;
  readonly split: string;
  readonly fine: string;
  readonly coarse: string;
  readonly count: number;
  readonly where: 'uncovered' | 'anywhere';
  readonly seed: number;
  readonly output?: string;
}

export function coarsenPointsCommand(): Command {
  return new Command('points')
    .description('make points from fine labels, as a person would answer for single pixels')
    .argument('<dataset>', 'folder of the dataset')
    .option('--count <n>', 'points of an image', positiveNumber, 30)
    .addOption(
      new Option('--where <part>', 'uncovered: where coarse labels have none; anywhere: in the whole image')
        .choices(['uncovered', 'anywhere'])
        .default('uncovered'),
    )
    .option('--seed <n>', 'seed of every random draw', wholeNumber, 0)
    .option('--kind <kind>', 'kind of dataset, as data.kind', 'folder')
    .option('--split <split>', 'split whose images get points', 'train')
    .option('--fine <labels>', 'exact labels that answer', 'fine')
    .option('--coarse <labels>', 'labels beside which points are drawn', 'coarse')
    .option('--output <dir>', 'folder of points; by default `points` in the dataset')
    .addHelpText('after', example)
    .action(coarsenPoints);
}

async function coarsenPoints(
  root: string,
  { kind, split, fine, coarse, count, where, seed, output = path.join(root, 'points') }: CoarsenPointsOptions,
): Promise<void> {
  const { simulatePoints } = await import('../../../coarsen/index.js');
  const { openDataset } = await import('../../../data/index.js');
  for (const one of split.split('+')) {
    const exact = await openDataset({ kind, root, split: one, labels: fine });
    const others =
      where === 'anywhere' ? null : await openDataset({ kind, root, split: one, labels: coarse });
    const folder = path.join(output, one);
    const written = await simulatePoints(exact, folder, { count, coarse: others, seed });
    const { files, points, byClass, without } = written;
    const classes = byClass.flatMap((own, index) =>
      own > 0 ? [`${exact.classes[index]?.name} ${own}`] : [],
    );
    process.stdout.write(`wrote ${points} points in ${files} files to ${folder}\n${classes.join(', ')}\n`);
    if (without > 0)
      printNotice(`${without} images of ${one} have no pixel to draw a point from, and no file`);
  }
}
