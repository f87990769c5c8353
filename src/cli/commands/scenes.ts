/** `coarsely scenes OUT`: a dataset made on the spot, to try everything without one. */

import { Command } from 'commander';
import { imageSize, positiveNumber, wholeNumber } from '../parse-options.js';
import { createProgressLine } from '../progress-line.js';

const example = `
Writes OUT/images, OUT/fine (exact labels), OUT/coarse (quick polygons) and OUT/classes.json. The same options give the
same files.

Example:
  $ coarsely scenes data/scenes
  $ coarsely scenes /tmp/scenes --train 40 --val 10 --size 144x96 --seed 3`;

interface ScenesCommandOptions {
  readonly train?: number;
  readonly val?: number;
  readonly size?: { readonly width: number; readonly height: number };
  readonly seed: number;
}

export function scenesCommand(): Command {
  return new Command('scenes')
    .description('write generated street-like scenes with fine and coarse labels')
    .argument('<out>', 'folder of the dataset to write; must not hold one yet')
    .option('--train <n>', 'training scenes', positiveNumber)
    .option('--val <n>', 'validation scenes', positiveNumber)
    .option('--size <WxH>', 'size of every image in pixels', imageSize)
    .option('--seed <n>', 'seed of every random draw', wholeNumber, 0)
    .addHelpText('after', example)
    .action(writeGeneratedScenes);
}

async function writeGeneratedScenes(out: string, { size, ...options }: ScenesCommandOptions): Promise<void> {
  const { writeScenes } = await import('../../data/index.js');
  const line = createProgressLine('drawing scenes');
  await writeScenes(out, { ...options, ...size, onProgress: (done, total) => line.show({ done, total }) });
  line.close();
  process.stdout.write(
    `wrote scenes to ${out}; train on them with:\n  coarsely train scenes-arm --data ${out}\n`,
  );
}
