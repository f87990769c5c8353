/** Runs the steps of `coarsely experiment`: plan, check, run the queue, write the tables. */

import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../../errors/internal.js';
import {
  type ExperimentPlan,
  JobQueue,
  paperScale,
  planExperiment,
  pretrainedScale,
  quickScale,
  readResults,
  type Scale,
  type SmallScaleOptions,
  smallScale,
  type TrainCommand,
  trainProcesses,
  writeExperiment,
} from '../../../experiments/index.js';
import {
  checkPlan,
  checkScaleOptions,
  checkWeightKinds,
  type ExperimentSettings,
  type ExperimentSettingsInput,
  makePoints,
  readSettings,
  settingsOfScale,
  tablesNamed,
  withoutQuickRuns,
  writeSettings,
} from '../../../experiments/internal.js';
import { shellWord } from '../../../format/index.js';
import { printNotice } from '../../output/print-notice.js';
import { fetchWeights } from '../../training/fetch-weights.js';
import { onStopRequest } from '../../training/interrupts.js';
import { queueVariable } from '../../training/parent-process.js';
import { createExperimentDisplay } from './experiment-display.js';
import { printPlan } from './experiment-plan.js';

/** Holds the parsed options. */
export interface ExperimentOptions {
  /** Holds the settings of the command line; the rest are those of the folder, where an experiment was started before. */
  readonly settings: ExperimentSettingsInput;
  readonly output: string;
  readonly jobs?: number;
  readonly rows?: readonly string[];
  readonly dryRun?: boolean;
  readonly tablesOnly?: boolean;
  readonly retryFailed?: boolean;
}

/**
 * Runs the experiment and returns the exit code: 0, `failure` when a run failed, or `interrupted` after Ctrl-C.
 *
 * @throws {ConfigError} when the settings are not valid, differ from those of the folder, or no row can run
 * @throws {DataError} when the data cannot be used
 */
export async function runExperiment(table: string, options: ExperimentOptions): Promise<number> {
  const { output, rows } = options;
  const tables = tablesNamed(table);
  const settings = readSettings(output, options.settings);
  checkScaleOptions(options.settings, settings);
  const scale = await scaleOf(settings, output);
  checkWeightKinds(options.settings.weights, { tables, scale });
  const { seeds, iterations, set } = settings;
  const plan = planExperiment(tables, {
    scale,
    seeds,
    output,
    iterations,
    set,
    onNotice: printNotice,
    ...(rows === undefined ? {} : { rows }),
  });
  const command = commandOf(table, { settings: settingsOfScale(settings), output, rows });
  const parallel = options.jobs ?? parallelJobs(plan);
  await checkPlan(plan);
  if (options.dryRun === true) {
    printPlan(plan, { parallel });
    return 0;
  }
  if (options.tablesOnly === true) {
    await writeExperiment(plan, { command });
    printTables(plan);
    return 0;
  }
  writeSettings(output, settings);
  await makePoints(plan.queue, { onNotice: printNotice });
  // Once, as the runs would all wait for it.
  await fetchWeights(plan.queue.map(({ config }) => config));
  return runQueue(plan, { parallel, command, retryFailed: options.retryFailed === true });
}

/**
 * Returns how many runs fit the machine: a small run keeps one core busy, any other the whole machine or device. Quick
 * runs come one after the other, because the first computes the features that the others read.
 */
function parallelJobs({ scale, queue }: ExperimentPlan): number {
  const onCores = queue.every(({ config }) => config.device === 'cpu');
  return scale.name === 'small' && scale.mode !== 'quick' && onCores ? availableParallelism() : 1;
}

/** Starts this same program as another process. */
const trainCommand: TrainCommand = {
  words: [process.execPath, fileURLToPath(new URL('../../main.js', import.meta.url))],
  environment: { [queueVariable]: '1' },
};

async function scaleOf(settings: ExperimentSettings, output: string): Promise<Scale> {
  const { mode, learningRateScale, weights } = settings;
  const rate = learningRateScale === undefined ? {} : { armLearningRateScale: learningRateScale };
  const full = await fullScale(settings, { ...rate, pointsFolder: path.join(output, 'points') });
  switch (mode) {
    case 'full':
      return withoutQuickRuns(full);
    case 'quick':
      return quickScale(full, { ...rate, weights });
    case 'pretrained':
      return withoutQuickRuns(pretrainedScale(full, { ...rate, weights }));
    default:
      return mode satisfies never;
  }
}

function fullScale(
  { scale, data, weights }: ExperimentSettings,
  small: SmallScaleOptions,
): Promise<Scale> | Scale {
  switch (scale) {
    case 'small':
      return smallScale(data, small);
    case 'paper':
      return paperScale(data, { weights });
    default:
      return scale satisfies never;
  }
}

interface RunQueueOptions {
  readonly parallel: number;
  readonly command: string;
  readonly retryFailed: boolean;
}

async function runQueue(
  plan: ExperimentPlan,
  { parallel, command, retryFailed }: RunQueueOptions,
): Promise<number> {
  const display = createExperimentDisplay(plan);
  let failed = false;
  let writing = Promise.resolve();
  const queue = new JobQueue({
    parallel,
    retryFailed,
    start: trainProcesses(plan.output, trainCommand),
    onEvent: (event) => {
      display.show(event);
      if (event.type !== 'ended') return;
      failed ||= event.status.state === 'failed' && !event.status.diverged;
      writing = writing.then(() => writeTables(plan, { command, print: display.print }));
    },
  });
  // A terminal that is closed sends SIGHUP. The queue alone passes a stop on to its runs.
  const endRequests = onStopRequest(['SIGINT', 'SIGTERM', 'SIGHUP'], (count) => {
    if (count === 1) {
      display.print(
        'stopping: every run finishes its step and writes a checkpoint (press Ctrl-C again to end at once)',
      );
    }
    queue.stop();
  });
  try {
    const outcome = await queue.run(plan.queue);
    await writing;
    await writeExperiment(plan, { command });
    display.close();
    if (outcome === 'interrupted') {
      process.stdout.write(`interrupted; run the same command again to continue:\n  ${command}\n`);
      return exitCodes.interrupted;
    }
    printTables(plan);
    return failed ? exitCodes.failure : 0;
  } catch (error) {
    queue.stop();
    throw error;
  } finally {
    endRequests();
    display.close();
  }
}

interface WriteTablesOptions {
  readonly command: string;
  readonly print: (line: string) => void;
}

/** Writes the tables between two runs, where a failure must not end the queue. */
async function writeTables(plan: ExperimentPlan, { command, print }: WriteTablesOptions): Promise<void> {
  try {
    await writeExperiment(plan, { command });
  } catch (error) {
    print(`the tables could not be written: ${error instanceof Error ? error.message : error}`);
  }
}

function printTables(plan: ExperimentPlan): void {
  const { tables } = readResults(plan, { command: '' });
  const names = [
    ...tables.map(({ name }) => `${name}.md`),
    ...(tables.length > 1 ? ['tables.md'] : []),
    'report.html',
  ];
  process.stdout.write(`wrote ${names.map((name) => path.join(plan.output, name)).join(', ')}\n`);
}

interface CommandParts {
  readonly settings: ExperimentSettings;
  readonly output: string;
  readonly rows: readonly string[] | undefined;
}

/** Returns the command that runs the same experiment, whatever the settings of the folder are. */
function commandOf(table: string, { settings, output, rows }: CommandParts): string {
  const { scale, mode, data, seeds, iterations, learningRateScale, weights, set } = settings;
  const words = [
    'coarsely experiment',
    table,
    `--scale ${scale}`,
    ...(mode === 'full' ? [] : [`--mode ${mode}`]),
    ...Object.entries(data).map(([name, root]) => `--data ${shellWord(`${name}=${root}`)}`),
    `--seeds ${seeds}`,
    ...(iterations === undefined ? [] : [`--iterations ${iterations}`]),
    ...(learningRateScale === undefined ? [] : [`--learning-rate-scale ${learningRateScale}`]),
    ...Object.entries(weights).map(([kind, file]) => `--weights ${shellWord(`${kind}=${file}`)}`),
    ...set.map((change) => `--set ${shellWord(change)}`),
    ...(rows === undefined ? [] : [`--rows ${shellWord(rows.join(','))}`]),
    `--output ${shellWord(output)}`,
  ];
  return words.join(' ');
}
