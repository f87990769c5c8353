/** Implements `coarsely train`, which starts or resumes a run. */

import { Command } from 'commander';
import type { Config } from '../../../config/index.js';
import { ConfigError } from '../../../errors/index.js';
import { exitCodes } from '../../../errors/internal.js';
import { collect, positiveNumber } from '../../options/parse-options.js';

const example = `
A config file holds the keys that differ from the defaults, and may say "extends: RECIPE". A run's folder holds
config.yaml, metrics.jsonl and checkpoints; an existing one is never overwritten. Ctrl-C finishes the step, writes a
checkpoint and prints the command that continues.

--processes N starts N processes on this machine that train one model together, each on its part of every batch and on
its share of the cores, or on a GPU of its own. Started by torchrun --no-python, srun or a PyTorchJob instead, the same
command takes its part by RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT.

Example:
  $ coarsely train folder-arm --data my-dataset
  $ coarsely train mine.yaml --set training.iterations=2000 --set reweighter.p=3
  $ coarsely train folder-arm --data my-dataset --processes 2
  $ coarsely train --resume runs/folder-arm`;

interface TrainCommandOptions {
  readonly set?: readonly string[];
  readonly data?: string;
  readonly output?: string;
  readonly name?: string;
  readonly resume?: string;
  readonly processes?: number;
  /** Profiles this many steps; `true` means the default number. */
  readonly profile?: number | true;
}

/** Holds the settings of a start that are not part of the config. */
type ConfigChanges = Omit<TrainCommandOptions, 'resume' | 'processes' | 'profile'>;

const profiledSteps = 20;

export function trainCommand(): Command {
  return new Command('train')
    .description('train a model by a recipe or a config file')
    .argument('[config]', 'a YAML file, or a recipe (coarsely recipes lists them)')
    .option('--set <key=value>', 'change one key of the config; repeatable', collect)
    .option('--data <root>', 'the folder of the dataset (data.root)')
    .option('--output <dir>', 'the folder that run folders are created in (output)')
    .option('--name <name>', "name of the run's folder; without it a number is added to a name that is taken")
    .option('--resume <run>', 'continue the run in this folder, exactly as it would have gone on')
    .option(
      '--processes <n>',
      'start this many processes here, which train one model together',
      positiveNumber,
    )
    .option(
      '--profile [steps]',
      `measure where time and memory of some steps go (${profiledSteps} of them without a number)`,
      positiveNumber,
    )
    .addHelpText('after', example)
    .action(train);
}

async function train(
  source: string | undefined,
  options: TrainCommandOptions,
  command: Command,
): Promise<void> {
  const { resume, processes = 1, profile = null, ...changes } = options;
  const profileSteps = profile === true ? profiledSteps : profile;
  if (resume === undefined) {
    if (source === undefined) {
      command.error(
        'error: name a recipe or a config file, or --resume RUN (coarsely recipes lists the recipes)',
        {
          exitCode: exitCodes.usage,
        },
      );
    }
    await (processes > 1 ? startRanks(processes) : startRun(source, changes, { profileSteps }));
    return;
  }
  const changed = Object.entries(changes).some(([, value]) => value !== undefined);
  if (source !== undefined || changed) {
    command.error('error: --resume continues a run with its own config; give it nothing else', {
      exitCode: exitCodes.usage,
    });
  }
  await (processes > 1 ? startRanks(processes) : resumeRun(resume, { profileSteps }));
}

/** Starts this command again for each rank, without `--processes`. */
async function startRanks(processes: number): Promise<void> {
  if (process.env.RANK || process.env.WORLD_SIZE) {
    throw new ConfigError(
      'train --processes: starts the processes itself, and RANK and WORLD_SIZE say that something else has; leave one out',
    );
  }
  const { launchRanks } = await import('./launch-ranks.js');
  const words = process.argv
    .slice(2)
    .filter((word, place, all) => !word.startsWith('--processes') && all[place - 1] !== '--processes');
  if ((await launchRanks(words, { processes })) === 'interrupted') process.exitCode = exitCodes.interrupted;
}

interface ProfileChoice {
  readonly profileSteps: number | null;
}

async function startRun(source: string, changes: ConfigChanges, choice: ProfileChoice): Promise<void> {
  const { loadConfig } = await import('../../training/load-config.js');
  const { newRunFolder } = await import('../../training/run-place.js');
  const config = await loadConfig(source, changes);
  // Only rank 0 has a folder.
  const runFolder = (await isFirst()) ? newRunFolder(config, { exact: changes.name !== undefined }) : '';
  await trainAndReport(config, { runFolder, resume: false, ...choice });
}

async function resumeRun(runFolder: string, choice: ProfileChoice): Promise<void> {
  const { readStartedRun } = await import('../../training/run-place.js');
  const { checkConfigFolders } = await import('../../training/load-config.js');
  const { config, finished } = readStartedRun(runFolder);
  if (finished) {
    if (await isFirst()) {
      process.stdout.write(`${runFolder} is finished: all ${config.training.iterations} steps are done\n`);
    }
    return;
  }
  await checkConfigFolders(config, `${runFolder}/config.yaml`);
  await trainAndReport(config, { runFolder, resume: true, ...choice });
}

/** Tells whether this process writes and prints: a single process, or rank 0. */
async function isFirst(): Promise<boolean> {
  const { readRankEnvironment } = await import('../../../distributed/index.js');
  return (readRankEnvironment()?.rank ?? 0) === 0;
}

async function printProfile(runFolder: string): Promise<void> {
  const { readProfile } = await import('../../../runs/index.js');
  const { profileText } = await import('./profile-text.js');
  const profile = readProfile(runFolder);
  if (profile !== null) process.stdout.write(`${profileText(profile)}\n`);
}

async function trainAndReport(
  config: Config,
  {
    runFolder,
    resume,
    profileSteps,
  }: { readonly runFolder: string; readonly resume: boolean } & ProfileChoice,
): Promise<void> {
  const { trainSession } = await import('../../training/train-session.js');
  const { resumeCommand } = await import('../../training/run-place.js');
  const { followLauncher, launchedProcesses, tellRunFolder } = await import('./launched-rank.js');
  const first = await isFirst();
  followLauncher();
  if (first) tellRunFolder(runFolder);
  const print = (text: string) => void (first && process.stdout.write(text));
  if (!resume) print(`run folder ${runFolder}\n`);
  const outcome = await trainSession(config, { runFolder, resume, profileSteps, quiet: !first });
  if (first && profileSteps !== null) await printProfile(runFolder);
  if (outcome === 'interrupted') {
    const processes = launchedProcesses() ?? undefined;
    print(`interrupted; continue with:\n  ${resumeCommand(runFolder, { processes })}\n`);
    process.exitCode = exitCodes.interrupted;
    return;
  }
  print(`finished ${runFolder}; see it with:\n  coarsely report ${runFolder}\n`);
}
