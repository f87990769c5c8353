/** `coarsely experiment` runs the rows of one of the paper's tables in a queue, and writes the table. */

import { Command, InvalidArgumentError, Option } from 'commander';
import { collect, positiveNumber, usageError } from '../../options/parse-options.js';
import type { ExperimentOptions } from './run-experiment.js';

const example = `
Runs every row of a table with several seeds, each run in a process of its own, all rows of a seed before the next seed.
Finished runs are skipped and interrupted ones are resumed, so the same command continues after Ctrl-C, a crash or a
reboot. DIR/TABLE.md, DIR/TABLE.json and DIR/report.html are written again after each run: scores, differences with their
95 % intervals, and for each claim of the paper whether it holds, does not hold or is open. Several tables are also
written as one page, DIR/tables.md.

The small scale needs a folder with images, coarse and fine labels, and takes a few minutes a run; the paper scale needs
Cityscapes and ADE20K in their official layouts. With --mode quick, at either scale, a run trains a small head on frozen
features, which are computed once for all runs, and takes seconds. With --mode pretrained it trains the whole of a small
network from ImageNet weights, as the recipes folder-mobilenet-* do, and takes about ten minutes on one core.

The table coarse-to-fine compares cheap labels and recipes with fine labels, with the hours of labeling of each.

Example:
  $ coarsely experiment table1 --data my-dataset
  $ coarsely experiment table2 --data my-dataset --mode quick --seeds 5 --output quick
  $ coarsely experiment all --data my-dataset --data ade20k=other --seeds 5 --output night --dry-run
  $ coarsely experiment table1,table2,table5 --output night --tables-only
  $ coarsely experiment table5 --scale paper --data cityscapes=/data/cityscapes --weights resnet101=r101.pth`;

interface ExperimentCommandOptions {
  readonly data?: readonly string[];
  readonly scale?: 'small' | 'paper';
  readonly mode?: 'full' | 'quick' | 'pretrained';
  readonly seeds?: number;
  readonly jobs?: number;
  readonly iterations?: number;
  readonly learningRateScale?: number;
  readonly weights?: readonly string[];
  readonly set?: readonly string[];
  readonly output: string;
  readonly rows?: readonly string[];
  readonly dryRun?: boolean;
  readonly tablesOnly?: boolean;
  readonly retryFailed?: boolean;
}

export function experimentCommand(): Command {
  return new Command('experiment')
    .description("run the rows of one of the paper's tables with several seeds, and write the table")
    .argument(
      '<table>',
      'table1 to table6, baselines, coarse-to-fine, several of them separated by commas, or all',
    )
    .option('--data <root>', 'folder of the data; or cityscapes=ROOT, ade20k=ROOT; repeatable', collect)
    .addOption(new Option('--scale <name>', 'size of the runs (default: small)').choices(['small', 'paper']))
    .addOption(
      new Option(
        '--mode <name>',
        'what is trained: the whole network, a head on frozen features (quick), or the whole of a small network from ' +
          'ImageNet weights (pretrained) (default: full)',
      ).choices(['full', 'quick', 'pretrained']),
    )
    .option('--seeds <n>', 'runs of each row (default: 3)', positiveNumber)
    .option(
      '--jobs <n>',
      'runs at the same time (default: one for each core in full training at the small scale on cpu, else 1)',
      positiveNumber,
    )
    .option('--iterations <n>', "steps of every run, instead of the scale's", positiveNumber)
    .option(
      '--learning-rate-scale <x>',
      "factor on ARM's learning rate at the small scale (default: 10), and in modes quick and pretrained (default: 1)",
      positiveFactor,
    )
    .option(
      '--weights <kind=file>',
      'ImageNet weights of a backbone at the paper scale or in modes quick and pretrained; repeatable',
      collect,
    )
    .option('--set <key=value>', 'change one key of every config; repeatable', collect)
    .option('--output <dir>', 'folder of runs and tables', 'experiments')
    .option(
      '--rows <names>',
      'only these runs: names or regular expressions, separated by commas',
      commaSeparated,
    )
    .option('--dry-run', 'print the queue and an estimate of its time, and run nothing')
    .option('--tables-only', 'write the tables of the finished runs, and run nothing')
    .option('--retry-failed', 'move runs whose loss was not finite aside, and start them again')
    .addHelpText('after', example)
    .action(async (table: string, options: ExperimentCommandOptions, command: Command) => {
      const { runExperiment } = await import('./run-experiment.js');
      process.exitCode = await runExperiment(table, experimentOptions(options, command));
    });
}

function experimentOptions(options: ExperimentCommandOptions, command: Command): ExperimentOptions {
  const { data, weights, scale, mode, seeds, iterations, learningRateScale, set, ...rest } = options;
  const roots = data?.map((text) => namedRoot(text, command));
  const files = weights?.map((text) => weightFile(text, command));
  return {
    ...rest,
    settings: {
      ...(roots && { data: Object.fromEntries(roots) }),
      ...(files && { weights: Object.fromEntries(files) }),
      scale,
      mode,
      seeds,
      iterations,
      learningRateScale,
      set: set && [...set],
    },
  };
}

/** Parses `NAME=ROOT`. A root alone is the folder of Cityscapes, or of the dataset that replaces it at the small scale. */
function namedRoot(text: string, command: Command): readonly [string, string] {
  const [, name, root] = /^(\w+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || root === undefined) return ['cityscapes', text];
  if (name === 'cityscapes' || name === 'ade20k') return [name, root];
  return usageError(command, `--data ${text}: expected ROOT, cityscapes=ROOT or ade20k=ROOT`);
}

function weightFile(text: string, command: Command): readonly [string, string] {
  const [, kind, file] = /^(\w+)=(.+)$/s.exec(text) ?? [];
  if (kind !== undefined && file !== undefined) return [kind, file];
  return usageError(command, `--weights ${text}: expected KIND=FILE, for example resnet101=r101.pth`);
}

function positiveFactor(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('expected a number above 0.');
  return value;
}

/** Splits at commas, except at those inside the brackets, braces or parentheses of a regular expression. */
function commaSeparated(text: string): readonly string[] {
  return text.split(/,(?![^([{]*[)\]}])/).filter((part) => part !== '');
}
