/** `coarsely train`: one run, new or continued. */

import { Command } from 'commander';
import type { Config } from '../../config/index.js';
import { exitCodes } from '../exit-codes.js';
import { collect } from '../parse-options.js';

const example = `
A config file holds the keys that differ from the defaults, and may say "extends: RECIPE". A run's folder holds
config.yaml, metrics.jsonl and checkpoints; an existing one is never overwritten. Ctrl-C finishes the step, writes a
checkpoint and prints the command that continues.

Example:
  $ coarsely train folder-arm --data my-dataset
  $ coarsely train mine.yaml --set training.iterations=2000 --set reweighter.p=3
  $ coarsely train --resume runs/folder-arm`;

interface TrainCommandOptions {
  readonly set?: readonly string[];
  readonly data?: string;
  readonly output?: string;
  readonly name?: string;
  readonly resume?: string;
}

export function trainCommand(): Command {
  return new Command('train')
    .description('train a model by a recipe or a config file')
    .argument('[config]', 'a YAML file, or a recipe (coarsely recipes lists them)')
    .option('--set <key=value>', 'change one key of the config; repeatable', collect)
    .option('--data <root>', 'the folder of the dataset (data.root)')
    .option('--output <dir>', 'the folder that run folders are created in (output)')
    .option('--name <name>', "name of the run's folder; without it a number is added to a name that is taken")
    .option('--resume <run>', 'continue the run in this folder, exactly as it would have gone on')
    .addHelpText('after', example)
    .action(train);
}

async function train(
  source: string | undefined,
  options: TrainCommandOptions,
  command: Command,
): Promise<void> {
  const { resume, ...changes } = options;
  if (resume === undefined) {
    if (source === undefined) {
      command.error(
        'error: name a recipe or a config file, or --resume RUN (coarsely recipes lists the recipes)',
        {
          exitCode: 2,
        },
      );
    }
    await startRun(source, changes);
    return;
  }
  const changed = Object.entries(changes).some(([, value]) => value !== undefined);
  if (source !== undefined || changed) {
    command.error('error: --resume continues a run with its own config; give it nothing else', {
      exitCode: 2,
    });
  }
  await resumeRun(resume);
}

async function startRun(source: string, changes: Omit<TrainCommandOptions, 'resume'>): Promise<void> {
  const { loadConfig } = await import('../load-config.js');
  const { newRunFolder } = await import('../run-place.js');
  const config = await loadConfig(source, changes);
  const runFolder = newRunFolder(config, { exact: changes.name !== undefined });
  process.stdout.write(`run folder ${runFolder}\n`);
  await trainAndReport(config, { runFolder, resume: false });
}

async function resumeRun(runFolder: string): Promise<void> {
  const { readStartedRun } = await import('../run-place.js');
  const { checkConfigFolders } = await import('../load-config.js');
  const { config, finished } = readStartedRun(runFolder);
  if (finished) {
    process.stdout.write(`${runFolder} is finished: all ${config.training.iterations} steps are done\n`);
    return;
  }
  await checkConfigFolders(config, `${runFolder}/config.yaml`);
  await trainAndReport(config, { runFolder, resume: true });
}

async function trainAndReport(
  config: Config,
  { runFolder, resume }: { readonly runFolder: string; readonly resume: boolean },
): Promise<void> {
  const { trainSession } = await import('../train-session.js');
  const { resumeCommand } = await import('../run-place.js');
  const outcome = await trainSession(config, { runFolder, resume });
  if (outcome === 'interrupted') {
    process.stdout.write(`interrupted; continue with:\n  ${resumeCommand(runFolder)}\n`);
    process.exitCode = exitCodes.interrupted;
    return;
  }
  process.stdout.write(`finished ${runFolder}; see it with:\n  coarsely report ${runFolder}\n`);
}
