/** `coarsely train` trains one model, in a new run or an interrupted one. */

import { Command } from 'commander';
import type { Config } from '../../../config/index.js';
import { ConfigError } from '../../../errors/index.js';
import { exitCodes } from '../../../errors/internal.js';
import { collect, positiveNumber, usageError } from '../../options/parse-options.js';

const example = `
A config file holds the keys that differ from the defaults, and may begin with "extends: RECIPE". A run's folder holds
config.yaml, metrics.jsonl and checkpoints; an existing one is never overwritten. Ctrl-C finishes the step, writes a
checkpoint and prints the command that continues.

--processes N starts N processes on this machine that train one model together, each on its part of every batch and on
its share of the cores, or on a GPU of its own. Under torchrun --no-python, srun or a PyTorchJob, the same command without
--processes joins the others by RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT.

Example:
  $ coarsely train folder-arm --data my-dataset
  $ coarsely train mine.yaml --set training.iterations=2000 --set reweighter.p=3
  $ coarsely train folder-arm --data my-dataset --weights runs/other-classes --set model.backbone.frozen=stage2
  $ coarsely train folder-finetune --data my-dataset --init runs/quick
  $ coarsely train folder-arm --data my-dataset --processes 2
  $ coarsely train --resume runs/folder-arm
  $ coarsely train --resume runs/folder-arm --iterations 4000`;

interface TrainCommandOptions {
  readonly set?: readonly string[];
  readonly data?: string;
  readonly weights?: string;
  readonly init?: string;
  readonly output?: string;
  readonly name?: string;
  readonly resume?: string;
  readonly iterations?: number;
  readonly allowChangedData?: true;
  readonly processes?: number;
  /** True without a number. */
  readonly profile?: number | true;
}

/** Holds the options that change the config. */
type ConfigChanges = Pick<TrainCommandOptions, 'set' | 'data' | 'output' | 'name' | 'weights' | 'init'>;

/** Holds the options that change how a run is continued. */
type ResumeChanges = Pick<TrainCommandOptions, 'iterations' | 'allowChangedData'>;

const defaultProfileSteps = 20;

export function trainCommand(): Command {
  return new Command('train')
    .description('train a model from a recipe or a config file')
    .argument('[config]', 'a YAML file, or a recipe (coarsely recipes lists them)')
    .option('--set <key=value>', 'change one key of the config; repeatable', collect)
    .option('--data <root>', 'the folder of the dataset (data.root)')
    .option('--weights <run|file>', 'a run or a file of a whole network to start from (model.weights)')
    .option(
      '--init <run>',
      'go on from the network of a run, such as a quick one, and train it whole (its backbone and head replace those of ' +
        'the config)',
    )
    .option('--output <dir>', 'the folder for run folders (output)')
    .option('--name <name>', "name of the run's folder; without it, a number is added when the name exists")
    .option('--resume <run>', 'continue the run in this folder, exactly as if it had not stopped')
    .option(
      '--iterations <n>',
      'with --resume, train to this step instead of the end of its config',
      positiveNumber,
    )
    .option('--allow-changed-data', 'with --resume, go on although samples of the dataset are gone or new')
    .option(
      '--processes <n>',
      'start this many processes on this machine, which train one model together',
      positiveNumber,
    )
    .option(
      '--profile [steps]',
      `measure time and memory of some steps (${defaultProfileSteps} without a number)`,
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
  const { resume, processes = 1, profile = null, iterations, allowChangedData, ...changes } = options;
  const profileSteps = profile === true ? defaultProfileSteps : profile;
  if (resume === undefined) {
    if (source === undefined) {
      usageError(
        command,
        'name a recipe or a config file, or --resume RUN (coarsely recipes lists the recipes)',
      );
    }
    if (iterations !== undefined)
      usageError(
        command,
        `--iterations goes with --resume RUN; for a new run write --set training.iterations=${iterations}`,
      );
    if (allowChangedData) usageError(command, '--allow-changed-data goes with --resume RUN');
    if (changes.init !== undefined && changes.weights !== undefined)
      usageError(command, 'give either --init RUN or --weights, not both');
    await (processes > 1 ? startProcesses(processes) : startRun(source, changes, { profileSteps }));
    return;
  }
  const changed = Object.entries(changes).some(([, value]) => value !== undefined);
  if (source !== undefined || changed) {
    usageError(
      command,
      '--resume continues a run with its own config; only --iterations N and --allow-changed-data change it',
    );
  }
  await (processes > 1
    ? startProcesses(processes)
    : resumeRun(resume, {
        profileSteps,
        ...(iterations !== undefined && { iterations }),
        ...(allowChangedData && { allowChangedData }),
      }));
}

/** Starts this same command, without `--processes`, once for each rank. */
async function startProcesses(processes: number): Promise<void> {
  if (process.env.RANK || process.env.WORLD_SIZE) {
    throw new ConfigError(
      'train --processes: starts the processes itself, but RANK and WORLD_SIZE show that another program has started ' +
        'them already; leave one of the two out',
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
  const { fetchWeights } = await import('../../training/fetch-weights.js');
  const { claimRunFolder } = await import('../../training/claim-run-folder.js');
  const config = await loadConfig(source, changes);
  await fetchWeights([config]);
  // Rank 0 alone writes a folder, and chooses its name.
  const claimed = (await isFirst()) ? claimRunFolder(config, { exact: changes.name !== undefined }) : null;
  try {
    await trainAndReport(config, { runFolder: claimed?.folder ?? '', resume: false, ...choice });
  } catch (error) {
    claimed?.abandon();
    throw error;
  }
}

async function resumeRun(runFolder: string, choice: ProfileChoice & ResumeChanges): Promise<void> {
  const { iterations, allowChangedData = false, profileSteps } = choice;
  const { readStartedRun } = await import('../../training/run-folders.js');
  const { checkConfigFiles } = await import('../../training/load-config.js');
  const { hasEnded, rejectIfTraining } = await import('../../../runs/internal.js');
  const first = await isFirst();
  if (first) rejectIfTraining(runFolder);
  const { run, config, finished } = readStartedRun(runFolder, { iterations: iterations ?? null });
  const taken = run.lastCheckpoint?.step ?? 0;
  if (iterations !== undefined && taken >= iterations) {
    throw new ConfigError(
      `${runFolder}: --iterations ${iterations}: the run has taken ${taken} steps already; give the number of all steps, more than ${taken}`,
    );
  }
  if (finished) {
    const text = hasEnded(run)
      ? `its held-out points ended it at step ${taken} (training.stopping)`
      : `all ${config.training.iterations} steps are done; --iterations N trains it to step N`;
    if (first) process.stdout.write(`${runFolder} is finished: ${text}\n`);
    return;
  }
  await checkConfigFiles(config, {
    label: `${runFolder}/config.yaml`,
    startsAnew: run.lastCheckpoint === null,
  });
  if (run.lastCheckpoint === null) {
    const { fetchWeights } = await import('../../training/fetch-weights.js');
    await fetchWeights([config]);
  }
  await trainAndReport(config, { runFolder, resume: true, allowChangedData, profileSteps });
}

/** Tells whether this process writes and prints: it trains alone, or is rank 0. */
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
    allowChangedData = false,
    profileSteps,
  }: {
    readonly runFolder: string;
    readonly resume: boolean;
    readonly allowChangedData?: boolean;
  } & ProfileChoice,
): Promise<void> {
  const { trainSession } = await import('../../training/train-session.js');
  const { resumeCommand } = await import('../../training/run-folders.js');
  const { launchedProcesses, sendRunFolder, stopWithLauncher } = await import(
    '../../training/parent-process.js'
  );
  const { shellWord } = await import('../../../format/index.js');
  const first = await isFirst();
  stopWithLauncher();
  if (first) sendRunFolder(runFolder);
  const print = (text: string) => void (first && process.stdout.write(text));
  if (!resume) print(`run folder ${runFolder}\n`);
  const outcome = await trainSession(config, {
    runFolder,
    resume,
    allowChangedData,
    profileSteps,
    quiet: !first,
  });
  if (first && profileSteps !== null) await printProfile(runFolder);
  if (outcome === 'interrupted') {
    const processes = launchedProcesses() ?? undefined;
    print(`interrupted; continue with:\n  ${resumeCommand(runFolder, { processes })}\n`);
    process.exitCode = exitCodes.interrupted;
    return;
  }
  print(`finished ${runFolder}; write a report with:\n  coarsely report ${shellWord(runFolder)}\n`);
}
