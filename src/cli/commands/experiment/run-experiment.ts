/** Runs the steps of `coarsely experiment`: plan, check, queue, tables. */

import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../../errors/internal.js';
import {
  type ExperimentPlan,
  JobQueue,
  paperScale,
  planExperiment,
  readResults,
  type Scale,
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
  readSettings,
  settingsOfScale,
  tablesNamed,
  writeSettings,
} from '../../../experiments/internal.js';
import { printNotice } from '../../output/print-notice.js';
import { queueVariable } from '../train/launched-rank.js';
import { createExperimentDisplay } from './experiment-display.js';
import { printPlan } from './experiment-plan.js';

export interface ExperimentOptions {
  /** Holds the options given now; the folder's settings provide the rest. */
  readonly settings: ExperimentSettingsInput;
  readonly output: string;
  readonly jobs?: number;
  readonly rows?: readonly string[];
  readonly dryRun?: boolean;
  readonly tablesOnly?: boolean;
  readonly retryFailed?: boolean;
}

/** Returns the exit code: 0, 1 when a run failed, or 130 after Ctrl-C. */
export async function runExperiment(table: string, options: ExperimentOptions): Promise<number> {
  const { output, rows } = options;
  const tables = tablesNamed(table);
  const settings = readSettings(output, options.settings);
  checkScaleOptions(options.settings, settings.scale);
  const scale = await scaleOf(settings);
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
  return runQueue(plan, { parallel, command, retryFailed: options.retryFailed === true });
}

/**
 * Returns how many runs train at a time: small runs take one core each, any other run takes the whole machine or
 * device.
 */
function parallelJobs({ scale, queue }: ExperimentPlan): number {
  const onCores = queue.every(({ config }) => config.device === 'cpu');
  return scale.name === 'small' && onCores ? availableParallelism() : 1;
}

/** Says how this program is started as a process of its own. */
const trainCommand: TrainCommand = {
  words: [process.execPath, fileURLToPath(new URL('../../main.js', import.meta.url))],
  environment: { [queueVariable]: '1' },
};

function scaleOf({ scale, data, learningRateScale, weights }: ExperimentSettings): Promise<Scale> | Scale {
  switch (scale) {
    case 'small':
      return smallScale(
        data,
        learningRateScale === undefined ? {} : { armLearningRateScale: learningRateScale },
      );
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
      writing = writing.then(() => keepTables(plan, { command, print: display.print }));
    },
  });
  const removeHandlers = handleInterrupts(queue, display.print);
  try {
    const outcome = await queue.run(plan.queue);
    await writing;
    await writeExperiment(plan, { command });
    display.close();
    if (outcome === 'interrupted') {
      process.stdout.write(`interrupted; start the same command again to go on:\n  ${command}\n`);
      return exitCodes.interrupted;
    }
    printTables(plan);
    return failed ? exitCodes.failure : 0;
  } catch (error) {
    queue.stop();
    throw error;
  } finally {
    removeHandlers();
    display.close();
  }
}

interface KeepTablesOptions {
  readonly command: string;
  readonly print: (line: string) => void;
}

/** Writes the tables. A failure between runs is printed and does not end the queue; at the end it is an error. */
async function keepTables(plan: ExperimentPlan, { command, print }: KeepTablesOptions): Promise<void> {
  try {
    await writeExperiment(plan, { command });
  } catch (error) {
    print(`the tables could not be written: ${error instanceof Error ? error.message : error}`);
  }
}

function printTables(plan: ExperimentPlan): void {
  const { tables } = readResults(plan, { command: '' });
  const files = tables.map(({ name }) => path.join(plan.output, `${name}.md`));
  process.stdout.write(`wrote ${[...files, path.join(plan.output, 'report.html')].join(', ')}\n`);
}

/**
 * Handles Ctrl-C and a closed terminal: the first lets every run write a checkpoint; a second, at least a second later,
 * ends them at once. Only the queue passes the request on to the runs.
 */
function handleInterrupts(queue: JobQueue, print: (line: string) => void): () => void {
  let asked = Number.NEGATIVE_INFINITY;
  const onSignal = () => {
    const now = performance.now();
    // A terminal, or GNU timeout, may deliver one signal twice.
    if (now - asked < 1000) return;
    if (asked === Number.NEGATIVE_INFINITY) {
      print('stopping: every run finishes its step and writes a checkpoint (Ctrl-C again to end at once)');
    }
    asked = now;
    queue.stop();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

interface CommandParts {
  readonly settings: ExperimentSettings;
  readonly output: string;
  readonly rows: readonly string[] | undefined;
}

/** Returns the command that repeats the experiment, whatever settings the folder holds. */
function commandOf(table: string, { settings, output, rows }: CommandParts): string {
  const { scale, data, seeds, iterations, learningRateScale, weights, set } = settings;
  const words = [
    'coarsely experiment',
    table,
    `--scale ${scale}`,
    ...Object.entries(data).map(([name, root]) => `--data ${quoted(`${name}=${root}`)}`),
    `--seeds ${seeds}`,
    ...(iterations === undefined ? [] : [`--iterations ${iterations}`]),
    ...(learningRateScale === undefined ? [] : [`--learning-rate-scale ${learningRateScale}`]),
    ...Object.entries(weights).map(([kind, file]) => `--weights ${quoted(`${kind}=${file}`)}`),
    ...set.map((change) => `--set ${quoted(change)}`),
    ...(rows === undefined ? [] : [`--rows ${quoted(rows.join(','))}`]),
    `--output ${quoted(output)}`,
  ];
  return words.join(' ');
}

function quoted(text: string): string {
  return /^[\w./~+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
