/** `coarsely view` serves the local page. */

import { Command, InvalidArgumentError } from 'commander';
import { collect } from '../../options/parse-options.js';
import type { ViewOptions } from './workspace-of.js';

const example = `
Serves a page to this machine alone and prints its address, with a token that only you know. The page shows runs while they
train, images and labels, the regions of an audit to decide about, questions about single pixels, and what to label next.
The files of the dataset are only read. Each decision is a line of the journal; coarsely apply makes a dataset of them.

Ctrl-C ends the server, and the commands that the page started. Training that was started elsewhere goes on. The page can
stay open: it goes on when the same command is started again.

Example:
  $ coarsely view
  $ coarsely view --data my-dataset
  $ coarsely view runs experiments/runs --data my-dataset --labels scribbles --split train+val
  $ coarsely view --data my-dataset --port 8800 --open

From another machine, for example with --port 8800 there:
  $ ssh -L 8800:127.0.0.1:8800 that-machine`;

/** Creates the command. */
export function viewCommand(): Command {
  return new Command('view')
    .description('open a local page: watch runs, look at data, answer questions')
    .argument('[run...]', 'run folders, or folders that hold them (default: runs)')
    .option('--data <root>', 'the dataset to look at and correct')
    .option('--labels <name>', 'the labels to look at and correct (default: coarse, or the only ones)')
    .option('--split <name>', 'the split to correct, or several joined by + (default: train)')
    .option('--audit <dir>', 'folder of the audit (default: the last runs/audit-NAME)')
    .option('--journal <file>', 'journal of the decisions (default: runs/review-NAME.jsonl)')
    .option('--tasks <file>', 'questions that coarsely suggest wrote, to be answered first')
    .option('--by <name>', 'who decides, as the journal says (default: the name of this user)')
    .option(
      '--set <key=value>',
      'how files are read, as in training: data.labelSuffix=_mask; repeatable',
      collect,
    )
    .option(
      '--linked <folder>',
      'a folder outside the dataset that its symbolic links may lead to; repeatable',
      collect,
    )
    .option(
      '--port <number>',
      'the port (default: the one of the last time, or any that is free)',
      portNumber,
    )
    .option('--open', 'open the page in the browser')
    .addHelpText('after', example)
    .action(async (runs: string[], options: ViewOptions) => {
      const { runView } = await import('./run-view.js');
      await runView(runs, options);
    });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new InvalidArgumentError('expected a number from 1 to 65535.');
}
