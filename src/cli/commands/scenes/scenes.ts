/** `coarsely scenes OUT` generates a dataset, to try everything without one. */

import { Command } from 'commander';
import { shellWord } from '../../../format/index.js';
import { sceneCounts } from '../../../recipes/internal.js';
import { imageSize, positiveNumber, wholeNumber } from '../../options/parse-options.js';
import { createProgressLine } from '../../output/progress-line.js';

const example = `
Writes OUT/images, OUT/fine (exact labels), OUT/coarse (quick polygons) and OUT/classes.json. The same options write the
same files.

Example:
  $ coarsely scenes data/scenes
  $ coarsely scenes /tmp/scenes --train 40 --val 10 --size 144x96 --seed 3`;

interface ScenesCommandOptions {
  readonly train: number;
  readonly val: number;
  readonly size?: { readonly width: number; readonly height: number };
  readonly seed: number;
}

export function scenesCommand(): Command {
  return new Command('scenes')
    .description('write generated street scenes with fine and coarse labels')
    .argument('<out>', 'folder of the dataset to write; must be empty or hold the same scenes')
    .option('--train <n>', 'training scenes', positiveNumber, sceneCounts.train)
    .option('--val <n>', 'validation scenes', positiveNumber, sceneCounts.validation)
    .option('--size <WxH>', 'size of every image in pixels (default: 240x160)', imageSize)
    .option('--seed <n>', 'seed of every random draw', wholeNumber, 0)
    .addHelpText('after', example)
    .action(writeGeneratedScenes);
}

async function writeGeneratedScenes(out: string, options: ScenesCommandOptions): Promise<void> {
  const { formatAgreement } = await import('../../../coarsen/internal.js');
  const { sceneClasses, writeScenes } = await import('../../../scenes/index.js');
  const { train, val, size, seed } = options;
  const line = createProgressLine('drawing scenes');
  const onProgress = (done: number, total: number) => line.show({ done, total });
  const { state, agreement } = await writeScenes(out, { train, validation: val, ...size, seed, onProgress });
  line.close();
  if (agreement !== null) {
    const classNames = sceneClasses.map(({ name }) => name);
    process.stdout.write(
      `coarse labels compared with fine ones:\n${formatAgreement(agreement, { classNames })}\n\n`,
    );
  }
  const done =
    state === 'written' ? `wrote ${train + val} scenes to ${out}` : `${out} holds these scenes already`;
  process.stdout.write(`${done}; train on them with:\n  coarsely train quick --data ${shellWord(out)}\n`);
}
