/** `coarsely suggest RUN|DATASET` chooses pixels to label next, and writes them as questions. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { collect, positiveNumber, usageError, wholeNumber } from '../../options/parse-options.js';
import { printNotice } from '../../output/print-notice.js';
import { createProgressLine } from '../../output/progress-line.js';

const example = `
With --points N, N pixels of the whole dataset become tasks in one file, spread over the images by what they teach. Write the
name of the class in place of null and your name behind "by", and let coarsely apply read the file. A dataset in place of
a run is given a quick run first, which takes a minute and is kept.

Without --points, for every image of the split, OUTPUT/SPLIT/NAME.json gets pixels whose class is null: questions, each with the class that
the network takes it for and the reason why it was chosen. Write the name of the class in place of null, and train with the
command that is printed. Points that have a class stay as they are, and so do open questions, which count.

Strategies:
  combined     several reasons by their weights, with chance
  uncertainty  the pixels that the network is least sure of
  diversity    the pixels whose features are farthest from all labeled and asked ones
  balance      each class about equally often
  coverage     the pixels that are farthest in the image from every label and question
  random       every pixel alike, to compare with

Example:
  $ coarsely suggest my-dataset --points 500
  $ coarsely suggest runs/quick --points 500 --output tasks.json
  $ coarsely suggest runs/quick --data my-dataset --count 30
  $ coarsely suggest runs/quick --strategy combined --set balance=2 --set diversity=1
  $ coarsely suggest runs/quick --answers fine --output my-dataset/points-simulated`;

interface SuggestCommandOptions {
  readonly data?: string;
  readonly split?: string;
  readonly labels?: string;
  readonly points?: number;
  readonly count: number;
  readonly strategy: string;
  readonly set?: readonly string[];
  readonly config: string;
  readonly where: 'uncovered' | 'all';
  readonly seed: number;
  readonly output?: string;
  readonly by?: string;
  readonly answers?: string;
  readonly renew?: boolean;
  readonly json?: boolean;
}

export function suggestCommand(): Command {
  return new Command('suggest')
    .description('suggest which pixels to label next: questions about the images of a dataset')
    .argument('<run|dataset>', "a run's folder, whose last checkpoint is used; with --points a dataset too")
    .option('--data <root>', "the folder of the dataset, instead of the run's")
    .option('--split <name>', 'the split that is asked about, instead of that of training')
    .option('--labels <name>', 'the labels that exist already, instead of those of training')
    .option('--points <n>', 'pixels of all images together, as tasks in one file', positiveNumber)
    .option('--count <n>', 'open questions that each image has afterwards', positiveNumber, 30)
    .option('--strategy <kind>', 'how pixels are chosen, see below', 'combined')
    .option(
      '--set <key=value>',
      'change an option of the strategy, or with a dataset a key of the config of its run; repeatable',
      collect,
    )
    .option('--config <source>', 'a config of quick training or a recipe, for the run of a dataset', 'quick')
    .addOption(
      new Option('--where <pixels>', 'ask about pixels without a label, or about all')
        .choices(['uncovered', 'all'])
        .default('uncovered'),
    )
    .option('--seed <n>', 'seed of every draw', wholeNumber, 0)
    .option(
      '--output <path>',
      'folder for SPLIT/NAME.json, points in the dataset by default; with --points the file, tasks.json by default',
    )
    .option('--by <name>', 'with --points: who answers')
    .option('--answers <labels>', 'answer with these labels, to simulate an annotator: fine')
    .option('--renew', 'drop questions that nobody has answered, and ask anew')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', example)
    .action(suggest);
}

async function suggest(place: string, options: SuggestCommandOptions, command: Command): Promise<void> {
  const isRun = existsSync(join(place, 'config.yaml'));
  const { points, renew, data, config, by, ...given } = options;
  if (points === undefined) {
    if (!isRun && existsSync(join(place, 'images')))
      usageError(command, `${place} is a dataset; say how many of its pixels to ask about: --points N`);
    if (by !== undefined) usageError(command, '--by goes with --points');
    await suggestForEach(place, options, command);
    return;
  }
  if (renew || command.getOptionValueSource('count') !== 'default')
    usageError(command, '--points counts the pixels of all images together; leave --count and --renew out');
  if (isRun && config !== 'quick')
    usageError(command, '--config goes with a dataset; this run is trained already');
  if (!isRun && data !== undefined)
    usageError(command, `${place} is no run, and so the dataset; leave --data out`);
  const { suggestForAll } = await import('./suggest-for-all.js');
  process.exitCode = await suggestForAll(place, {
    ...given,
    ...{ points, config, isRun },
    ...(by !== undefined && { by }),
    ...(data !== undefined && { data }),
  });
}

/** Asks about as many pixels of each image. */
async function suggestForEach(run: string, options: SuggestCommandOptions, command: Command): Promise<void> {
  const { suggestPoints } = await import('../../../suggest/index.js');
  const { parseSetOptions } = await import('../../../config/internal.js');
  const { suggestionText } = await import('./suggestion-text.js');
  const { strategy, set = [], json = false, points: _points, config: _config, ...given } = options;
  const changes = parseSetOptions(set);
  if ('kind' in changes) usageError(command, 'name the strategy with --strategy');
  const line = createProgressLine('looking at images');
  const summary = await suggestPoints(run, {
    ...given,
    strategy: { ...changes, kind: strategy },
    onProgress: line.show,
    onNotice: printNotice,
  }).finally(line.close);
  process.stdout.write(
    json ? `${JSON.stringify(summary)}\n` : `${suggestionText(summary, { run, ...given })}\n`,
  );
}
