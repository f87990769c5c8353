/** `coarsely apply JOURNAL… OUT` writes the dataset that decisions about labels make of another one. */

import { Command } from 'commander';
import { exitCodes } from '../../../errors/internal.js';
import { collect, usageError } from '../../options/parse-options.js';
import { readingOptions } from '../../options/reading-options.js';
import { printNotice } from '../../output/print-notice.js';
import { createProgressLine } from '../../output/progress-line.js';
import { onStopRequest } from '../../training/interrupts.js';

const example = `
A JOURNAL is a file of decisions, one JSON object a line, or a file of tasks whose classes are filled in. OUT is a new folder:
images are links to those of the dataset, labels that changed are written, and all other labels are copied. The dataset
itself stays as it is. OUT/review.json says what was done.

Decisions that no longer fit are named and left out. Where two people decided differently, the labels stay as they were
unless --prefer names one of them. The exit code is 1 in both cases, although OUT is written.

Example:
  $ coarsely apply review.jsonl my-dataset-reviewed --data my-dataset
  $ coarsely apply anna.jsonl ben.jsonl my-dataset-reviewed --data my-dataset --prefer anna
  $ coarsely apply tasks.json my-dataset-answered`;

interface ApplyCommandOptions {
  readonly data?: string;
  readonly prefer?: string;
  readonly points: string;
  readonly copy?: boolean;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

export function applyCommand(): Command {
  return new Command('apply')
    .description('apply decisions about labels: write the reviewed dataset into a new folder')
    .usage('[options] <journal...> <out>')
    .argument(
      '<journals-and-out...>',
      'journals or answered files of tasks, and last the new folder of the reviewed dataset',
    )
    .option('--data <root>', 'the folder of the dataset; a file of tasks names it itself')
    .option(
      '--prefer <name>',
      'whose decisions hold where people disagree: a name in the journals, or last for the last decision',
    )
    .option('--points <name>', 'folder of points in the dataset, which answers are added to', 'points')
    .option('--copy', 'copy images instead of linking them')
    .option(
      '--set <key=value>',
      'how files are read, as in training: data.labelSuffix=_mask; repeatable',
      collect,
    )
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', example)
    .action(apply);
}

async function apply(
  paths: readonly string[],
  options: ApplyCommandOptions,
  command: Command,
): Promise<void> {
  const journals = paths.slice(0, -1);
  const output = paths.at(-1) as string;
  if (journals.length === 0) {
    usageError(command, `name the journals and then the new folder; '${output}' is the only argument`);
  }
  const { applyJournals } = await import('../../../review/index.js');
  const { reviewText } = await import('./review-text.js');
  const { trainingCommand } = await import('./training-command.js');
  const { set = [], json = false, ...given } = options;
  const reading = readingOptions('apply', set);
  const line = createProgressLine('writing files');
  const stop = new AbortController();
  // The files that were written for a folder that does not appear are removed.
  const endRequests = onStopRequest(['SIGINT', 'SIGTERM'], () => stop.abort());
  const summary = await applyJournals(journals, {
    ...given,
    output,
    reading,
    signal: stop.signal,
    onProgress: line.show,
    onNotice: printNotice,
  })
    .catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
      return null;
    })
    .finally(() => {
      endRequests();
      line.close();
    });
  if (summary === null) {
    process.stderr.write(`interrupted; ${output} was not written\n`);
    process.exitCode = exitCodes.interrupted;
    return;
  }
  const next = await trainingCommand(summary, { reading, points: given.points });
  process.stdout.write(
    `${json ? JSON.stringify({ ...summary, command: next }) : reviewText(summary, { command: next })}\n`,
  );
  if (summary.findings.length > 0 || summary.disputedPixels > 0) process.exitCode = exitCodes.failure;
}
