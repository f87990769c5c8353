/**
 * A whole run: dataset, loader, trainer, evaluation and the run's folder, from a config to the last checkpoint; by one
 * process, or by several that each take a part of every batch. Of those rank 0 alone touches the folder.
 */

import { ChosenImages } from '../analysis/index.js';
import { type Config, configToYaml, datasetSection } from '../config/index.js';
import { openDataset } from '../data/index.js';
import { ProcessGroup, type RankEnvironment, readRankEnvironment } from '../distributed/index.js';
import { CheckpointError, CoarselyError } from '../errors/index.js';
import { readRun } from '../runs/index.js';
import { RunWriter } from '../runs/internal.js';
import { readSafetensors, scope, setDeterministic, setThreads } from '../torch/index.js';
import { resolvePrecision } from '../torch/internal.js';
import { expectSameImages } from './agreement.js';
import type { TrainingHooks } from './events.js';
import { deviceOfRank, threadsOfRank } from './rank-resources.js';
import { broadcastJson, restoreRankStates } from './rank-state.js';
import { Trainer } from './trainer.js';
import { TrainingBatches } from './training-batches.js';
import { type LastCheckpoint, TrainingRun } from './training-run.js';

export interface RunTrainingOptions extends TrainingHooks {
  readonly runFolder: string;
  /** Continues from the folder's last checkpoint, exactly as the unbroken run would have. */
  readonly resume?: boolean;
  /** This process's place among those that train together; by default what the environment says. Null: it is alone. */
  readonly environment?: RankEnvironment | null;
}

/** A rank that ends because rank 0 could not begin; rank 0's own error says why. */
export class RankStoppedError extends CoarselyError {
  constructor() {
    super('rank 0 could not begin the run; its own message says why', { code: 'rank-stopped' });
  }
}

/**
 * Trains to the config's last iteration.
 * @throws CoarselyError for whatever a user can cause; DivergenceError when the loss stops being finite;
 *   DistributedError when another rank is gone
 */
export async function runTraining(
  config: Config,
  { environment = readRankEnvironment(), ...options }: RunTrainingOptions,
): Promise<'finished' | 'interrupted'> {
  setThreads(threadsOfRank(config.threads, { environment }));
  const deterministicBefore = setDeterministic(config.deterministic);
  try {
    if (environment === null)
      return await train(config, { processGroup: null, device: config.device, options });
    const device = deviceOfRank(config.device, environment);
    const { timeoutSeconds } = config.distributed;
    const processGroup = ProcessGroup.join(environment, { device, timeoutSeconds });
    try {
      const outcome = await train(config, { processGroup, device, options });
      processGroup.close();
      return outcome;
    } catch (error) {
      processGroup.close({ reason: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  } finally {
    setDeterministic(deterministicBefore);
  }
}

interface Place {
  readonly processGroup: ProcessGroup | null;
  /** Of this rank; the run's folder keeps what the config says. */
  readonly device: Config['device'];
  readonly options: Omit<RunTrainingOptions, 'environment'>;
}

async function train(
  config: Config,
  { processGroup, device, options }: Place,
): Promise<'finished' | 'interrupted'> {
  const training = await openDataset(datasetSection(config.data, 'train'));
  const evaluation = await openDataset(datasetSection(config.data, 'evaluation'));
  if (processGroup) {
    expectSameImages(training, { part: 'train', processGroup: processGroup });
    expectSameImages(evaluation, { part: 'evaluation', processGroup: processGroup });
  }
  const { statistics } = config.training;
  const first = processGroup === null || processGroup.rank === 0;
  const watched =
    first && statistics
      ? await ChosenImages.open(config.data, { ...statistics, count: statistics.images })
      : null;
  const trainer = new Trainer(
    { ...config, device },
    { classCount: training.classes.length, datasetLength: training.length, processGroup: processGroup },
  );
  const loader = new TrainingBatches(config, processGroup ?? undefined);
  let writer: RunWriter | null = null;
  try {
    const lastCheckpoint = atRankZero(processGroup, () => lastCheckpointOf(config, options));
    takeUp(trainer, { processGroup, lastCheckpoint });
    atRankZero(processGroup, () => {
      writer = openWriter(config, { ...options, step: lastCheckpoint?.step ?? 0 });
      return null;
    });
    const parts = { trainer, loader, evaluation, watched, writer, lastCheckpoint, processGroup, options };
    return await new TrainingRun(parts).toTheEnd();
  } finally {
    (writer as RunWriter | null)?.close();
    await loader.close();
    trainer.dispose();
  }
}

/** Null for a new run, and for one that was stopped before its first checkpoint. */
function lastCheckpointOf(
  config: Config,
  { runFolder, resume = false }: RunTrainingOptions,
): LastCheckpoint | null {
  if (!resume) return null;
  const { lastCheckpoint } = readRun(runFolder);
  if (lastCheckpoint === null) return null;
  const { file, step } = lastCheckpoint;
  const { iterations } = config.training;
  if (step <= iterations) return { file, step };
  throw new CheckpointError(
    `${runFolder}: its last checkpoint is of step ${step}, beyond training.iterations = ${iterations}`,
  );
}

function openWriter(
  config: Config,
  { runFolder, resume = false, step }: RunTrainingOptions & { readonly step: number },
): RunWriter {
  const keep = config.training.keepCheckpoints;
  if (resume) return RunWriter.resume(runFolder, step, { keep });
  const ran = { ...config, precision: resolvePrecision(config.precision, config.device) };
  return RunWriter.create(runFolder, { configYaml: configToYaml(ran), keep });
}

/** Runs `body` on rank 0 alone and gives its result to all; where it throws all end, with its one message. */
function atRankZero<T>(processGroup: ProcessGroup | null, body: () => T): T {
  if (processGroup === null) return body();
  let done: { readonly result: T } | null = null;
  let failure: unknown = null;
  if (processGroup.rank === 0) {
    try {
      done = { result: body() };
    } catch (error) {
      failure = error;
    }
  }
  const said = broadcastJson(processGroup, done);
  if (processGroup.rank === 0 && done === null) throw failure;
  if (said === null) throw new RankStoppedError();
  return (said as { readonly result: T }).result;
}

/** Puts back what a checkpoint holds, on all ranks. */
function takeUp(
  trainer: Trainer,
  {
    processGroup,
    lastCheckpoint,
  }: { readonly processGroup: ProcessGroup | null; lastCheckpoint: LastCheckpoint | null },
): void {
  if (lastCheckpoint === null) return;
  using _tensors = scope();
  const { file, step } = lastCheckpoint;
  const tensors = processGroup === null || processGroup.rank === 0 ? readSafetensors(file).tensors : null;
  if (processGroup) restoreRankStates(trainer, { tensors, step, processGroup });
  else if (tensors) trainer.loadState(tensors, step);
}
