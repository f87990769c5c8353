/** `coarsely plan` says what to label next: what the next hours would bring, as coarse images, points or fine images. */

import { Command, InvalidArgumentError } from 'commander';
import { collect, positiveNumber } from '../../options/parse-options.js';

const example = `
Trains small heads on frozen features with more and more of the labels that the dataset has: coarse images, points and
fine images, each with several seeds. A power law through the scores says what more labels would bring, and their costs
what an hour of each is worth. It takes a few minutes for a few hundred small images on two cores. DIR/plan.md, plan.json
and plan.svg hold the result. Finished scores are kept in DIR: the same command continues, and other costs or hours ask
the same curves again.

Points and fine images are taken from fine labels of the training images, where the dataset has them, and else from
half of the evaluation's images.

Example:
  $ coarsely plan --data my-dataset
  $ coarsely plan --data my-dataset --costs coarse=5min,fine=60min,point=3s --hours 40
  $ coarsely plan mine.yaml --set data.train.labels=scribbles --seeds 5 --output plans/scribbles`;

interface PlanCommandOptions {
  readonly data?: string;
  readonly costs?: string;
  readonly hours: number;
  readonly seeds: number;
  readonly set?: readonly string[];
  readonly output: string;
}

export function planCommand(): Command {
  return new Command('plan')
    .description('say what the next hours of labeling would bring, from learning curves of the labels so far')
    .argument('[config]', 'a config of quick training, or a recipe', 'quick')
    .option('--data <root>', 'the folder of the dataset (data.root)')
    .option(
      '--costs <list>',
      'what labels cost, each with the unit s, min or h (default: coarse=7min,fine=90min,point=2s)',
    )
    .option('--hours <n>', 'hours of labeling to plan', positiveHours, 10)
    .option(
      '--seeds <n>',
      'heads for each number of labels, each with a subset of its own',
      positiveNumber,
      3,
    )
    .option('--set <key=value>', 'change one key of the config; repeatable', collect)
    .option('--output <dir>', 'folder of the plan and its scores', 'plan')
    .addHelpText('after', example)
    .action(async (source: string, options: PlanCommandOptions) => {
      const { parseLabelCosts, defaultCosts } = await import('../../../plan/index.js');
      const { runPlan } = await import('./run-plan.js');
      const costs = options.costs === undefined ? defaultCosts : parseLabelCosts(options.costs);
      process.exitCode = await runPlan(source, { ...options, costs });
    });
}

function positiveHours(text: string): number {
  const hours = Number(text);
  if (!(hours > 0 && Number.isFinite(hours))) throw new InvalidArgumentError('expected a number above 0.');
  return hours;
}
