/** `coarsely import SOURCE OUT` makes a dataset of what an annotation tool exported. */

import { Command, Option } from 'commander';
import { CoarselyError } from '../../../errors/index.js';
import type { DrawOrder, Grouping, UnlabeledPixels, WithoutLabels } from '../../../importers/index.js';
import { distanceInPixels, usageError, wholeNumber } from '../../options/parse-options.js';
import { createProgressLine, type ProgressLine } from '../../output/progress-line.js';
import { onStopRequest } from '../../training/interrupts.js';
import { importText } from './import-text.js';

const example = `
SOURCE is the folder that a tool exported, or its one file of annotations. Which tool it was is recognized by the content. OUT gets
images/SPLIT, coarse/SPLIT with one PNG for each image, classes.json, and import.json, which says what was done. The images are
links to the originals, which stay as they are. What is left out or assumed is listed, with counts and examples.

Pixels that no annotation covers are not labeled: training ignores them. Where only objects are annotated, and everything else is
background, say --unlabeled background.

Example:
  $ coarsely import labelme-folder my-dataset
  $ coarsely import annotations.xml my-dataset --images photos --split 0.7/0.2/0.1
  $ coarsely import coco-export my-dataset --classes 'car=vehicle,truck=vehicle,road,*'
  $ coarsely import masks-export my-dataset --labels fine --unlabeled background`;

interface ImportCommandOptions {
  readonly format?: string;
  readonly images?: string;
  readonly labels: string;
  readonly classes?: string;
  readonly unlabeled: UnlabeledPixels;
  readonly drawOrder?: DrawOrder;
  readonly radius: number;
  readonly withoutLabels?: WithoutLabels;
  readonly split?: string;
  readonly byFolder?: boolean;
  readonly byFile?: boolean;
  readonly seed: number;
  readonly copy?: boolean;
  readonly json?: boolean;
}

export function importCommand(): Command {
  return new Command('import')
    .description('make a dataset of what an annotation tool exported')
    .argument('<source>', 'folder that the tool exported, or its file of annotations')
    .argument('<out>', 'folder of the dataset to write; must be new or empty')
    .option('--format <name>', 'format of the files; by default recognized by their content')
    .option('--images <dir>', 'folder of the images, where the annotations do not lead to them')
    .option('--labels <name>', 'folder of labels in the dataset', 'coarse')
    .option(
      '--classes <list>',
      'classes to keep, rename or merge: car=vehicle,truck=vehicle,tree; * keeps all others; or a file',
    )
    .addOption(
      new Option('--unlabeled <what>', 'pixels that no annotation covers: ignored, or a class background')
        .choices(['ignore', 'background'])
        .default('ignore'),
    )
    .addOption(
      new Option(
        '--draw-order <order>',
        'what lies on top where annotations overlap: the smaller, the later in the file, or the higher z; by default z ' +
          'where the files state a z-order, as CVAT, Datumaro and Hasty do, else area',
      ).choices(['area', 'file', 'z']),
    )
    .option('--radius <px>', 'label the pixels around points and lines too', distanceInPixels, 0)
    .addOption(
      new Option(
        '--without-labels <what>',
        'images without a label; by default left out, and kept with --unlabeled background',
      ).choices(['skip', 'keep']),
    )
    .option('--split <shares>', 'divide the images: 0.8/0.2, or train=0.7,val=0.2,test=0.1')
    .option('--by-folder', 'keep the images of a folder in one split')
    .option('--by-file', 'divide every image on its own, also frames of one video')
    .option('--seed <n>', 'seed of the division', wholeNumber, 0)
    .option('--copy', 'copy the images instead of linking them')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', example)
    .action(importFiles);
}

async function importFiles(
  source: string,
  out: string,
  { byFolder = false, byFile = false, json = false, ...options }: ImportCommandOptions,
  command: Command,
): Promise<void> {
  if (byFolder && byFile) usageError(command, '--by-folder and --by-file exclude each other');
  const { importDataset } = await import('../../../importers/index.js');
  const grouping: Grouping = byFolder ? 'folder' : byFile ? 'file' : 'frames';
  let line: ProgressLine | null = null;
  let shown: string | null = null;
  const stop = new AbortController();
  const end = onStopRequest(['SIGINT', 'SIGTERM'], () =>
    stop.abort(new CoarselyError('stopped; nothing was written')),
  );
  try {
    const summary = await importDataset(source, out, {
      ...options,
      grouping,
      signal: stop.signal,
      onProgress: ({ activity, ...progress }) => {
        if (shown !== activity) {
          line?.close();
          line = createProgressLine(activity);
          shown = activity;
        }
        line?.show(progress);
      },
    });
    process.stdout.write(json ? `${JSON.stringify(summary)}\n` : `${importText(summary)}\n`);
  } finally {
    (line as ProgressLine | null)?.close();
    end();
  }
}
