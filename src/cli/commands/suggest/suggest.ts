/** `coarsely suggest RUN` chooses pixels to label next, and writes them as questions. */

import { Command, Option } from 'commander';
import { collect, positiveNumber, usageError, wholeNumber } from '../../options/parse-options.js';
import { printNotice } from '../../output/print-notice.js';
import { createProgressLine } from '../../output/progress-line.js';

const example = `
For every image of the split, OUTPUT/SPLIT/NAME.json gets pixels whose class is null: questions, each with the class that
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
  $ coarsely suggest runs/quick --data my-dataset --count 30
  $ coarsely suggest runs/quick --strategy combined --set balance=2 --set diversity=1
  $ coarsely suggest runs/quick --answers fine --output my-dataset/points-simulated`;

interface SuggestCommandOptions {
  readonly data?: string;
  readonly split?: string;
  readonly labels?: string;
  readonly count: number;
  readonly strategy: string;
  readonly set?: readonly string[];
  readonly where: 'uncovered' | 'all';
  readonly seed: number;
  readonly output?: string;
  readonly answers?: string;
  readonly renew?: boolean;
  readonly json?: boolean;
}

export function suggestCommand(): Command {
  return new Command('suggest')
    .description('suggest which pixels to label next: questions about the images of a dataset')
    .argument('<run>', "a run's folder; its last checkpoint is used")
    .option('--data <root>', "the folder of the dataset, instead of the run's")
    .option('--split <name>', 'the split that is asked about, instead of that of training')
    .option('--labels <name>', 'the labels that exist already, instead of those of training')
    .option('--count <n>', 'open questions that each image has afterwards', positiveNumber, 30)
    .option('--strategy <kind>', 'how pixels are chosen, see below', 'combined')
    .option('--set <key=value>', 'change an option of the strategy; repeatable', collect)
    .addOption(
      new Option('--where <pixels>', 'ask about pixels without a label, or about all')
        .choices(['uncovered', 'all'])
        .default('uncovered'),
    )
    .option('--seed <n>', 'seed of every draw', wholeNumber, 0)
    .option('--output <dir>', 'folder for SPLIT/NAME.json; points in the dataset by default')
    .option('--answers <labels>', 'answer with these labels, to simulate an annotator: fine')
    .option('--renew', 'drop questions that nobody has answered, and ask anew')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', example)
    .action(suggest);
}

async function suggest(run: string, options: SuggestCommandOptions, command: Command): Promise<void> {
  const { suggestPoints } = await import('../../../suggest/index.js');
  const { parseSetOptions } = await import('../../../config/internal.js');
  const { suggestionText } = await import('./suggestion-text.js');
  const { strategy, set = [], json = false, ...given } = options;
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
