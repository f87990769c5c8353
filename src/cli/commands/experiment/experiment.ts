/**
 * Implements `coarsely experiment`, which trains the runs of a table of the paper in a queue and writes the table.
 */

import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../../../errors/internal.js';
import { collect, positiveNumber } from '../../options/parse-options.js';
import type { ExperimentOptions } from './run-experiment.js';

const example = `
Runs every row of a table with several seeds, each run in a process of its own, all rows of a seed before the next seed.
What is finished is skipped and what was interrupted goes on, so start the same command again after Ctrl-C, a crash or a
reboot. After each run DIR/TABLE.md, DIR/TABLE.json and DIR/report.html are written anew.

The small scale takes a folder with images, coarse and fine labels and a few minutes a run; the paper's takes Cityscapes
and ADE20K in their official layouts.

Example:
  $ coarsely experiment table1 --data my-dataset
  $ coarsely experiment all --data my-dataset --data ade20k=other --seeds 5 --output night --dry-run
  $ coarsely experiment table5 --output night --tables-only
  $ coarsely experiment table5 --scale paper --data cityscapes=/data/cityscapes --weights resnet101=r101.pth`;

interface ExperimentCommandOptions {
  readonly data?: readonly string[];
  readonly scale?: 'small' | 'paper';
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
    .argument('<table>', 'table1 to table6, baselines, or all')
    .option('--data <root>', 'folder of the data; or cityscapes=ROOT, ade20k=ROOT; repeatable', collect)
    .addOption(new Option('--scale <name>', 'size of the runs (default: small)').choices(['small', 'paper']))
    .option('--seeds <n>', 'runs of each row (default: 3)', positiveNumber)
    .option(
      '--jobs <n>',
      'runs at a time (default: one a core at the small scale on cpu, else 1)',
      positiveNumber,
    )
    .option('--iterations <n>', "steps of every run instead of the scale's", positiveNumber)
    .option(
      '--learning-rate-scale <x>',
      "factor on ARM's rate at the small scale (default: 10)",
      positiveFactor,
    )
    .option('--weights <kind=file>', 'ImageNet weights of a backbone at the paper scale; repeatable', collect)
    .option('--set <key=value>', 'change one key of every config; repeatable', collect)
    .option('--output <dir>', 'folder of runs and tables', 'experiments')
    .option('--rows <names>', 'only these runs: names or regular expressions, separated by commas', commas)
    .option('--dry-run', 'print the queue and how long it may take')
    .option('--tables-only', 'write the tables of what is there, and run nothing')
    .option('--retry-failed', 'move runs whose loss was not finite aside, and begin them anew')
    .addHelpText('after', example)
    .action(async (table: string, options: ExperimentCommandOptions, command: Command) => {
      const { runExperiment } = await import('./run-experiment.js');
      process.exitCode = await runExperiment(table, experimentOptions(options, command));
    });
}

function experimentOptions(options: ExperimentCommandOptions, command: Command): ExperimentOptions {
  const { data, weights, scale, seeds, iterations, learningRateScale, set, ...rest } = options;
  const roots = Object.fromEntries((data ?? []).map((text) => namedRoot(text, command)));
  return {
    ...rest,
    settings: {
      ...(data === undefined ? {} : { data: roots }),
      ...(weights === undefined
        ? {}
        : { weights: Object.fromEntries(weights.map((text) => pairOf(text, command))) }),
      scale,
      seeds,
      iterations,
      learningRateScale,
      set: set === undefined ? undefined : [...set],
    },
  };
}

/** Parses `NAME=ROOT`; `ROOT` alone names Cityscapes, or at the small scale the folder that takes its place. */
function namedRoot(text: string, command: Command): readonly [string, string] {
  const [, name, root] = /^(\w+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || root === undefined) return ['cityscapes', text];
  if (name === 'cityscapes' || name === 'ade20k') return [name, root];
  return command.error(`error: --data ${text}: expected ROOT, cityscapes=ROOT or ade20k=ROOT`, {
    exitCode: exitCodes.usage,
  });
}

function pairOf(text: string, command: Command): readonly [string, string] {
  const [, kind, file] = /^(\w+)=(.+)$/s.exec(text) ?? [];
  if (kind !== undefined && file !== undefined) return [kind, file];
  return command.error(`error: --weights ${text}: expected KIND=FILE, for example resnet101=r101.pth`, {
    exitCode: exitCodes.usage,
  });
}

function positiveFactor(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('expected a number above 0.');
  return value;
}

/** Splits a list of regular expressions at commas outside brackets, braces and parentheses. */
function commas(text: string): readonly string[] {
  return text.split(/,(?![^([{]*[)\]}])/).filter((part) => part !== '');
}
