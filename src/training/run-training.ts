/**
 * Trains a whole run, from a config to the last checkpoint: dataset, loader, trainer, evaluation and the run's folder. One
 * process trains, or several that each take a part of every batch; of these, rank 0 alone reads and writes the folder.
 */

import { ChosenImages } from '../analysis/index.js';
import { type Config, datasetSection } from '../config/index.js';
import { learnsFromClean, mixesClean, openConfigPoints } from '../config/internal.js';
import {
  countPoints,
  openDataset,
  type PointLabels,
  pointDataset,
  type SegmentationDataset,
} from '../data/index.js';
import { oneClassProblem } from '../data/internal.js';
import { ProcessGroup, type RankEnvironment, readRankEnvironment } from '../distributed/index.js';
import { CheckpointError, CoarselyError, DataError } from '../errors/index.js';
import { listenToFileNotices } from '../files/index.js';
import { counted } from '../format/index.js';
import { RunWriter } from '../runs/internal.js';
import { readSafetensors, scope, setDeterministic, setThreads } from '../torch/index.js';
import { expectSameClasses, expectSameImages } from './agreement.js';
import { type Continuation, continueRun, type LastCheckpoint, newConfigYaml } from './continued-run.js';
import { type DataRecord, recordData } from './data-record.js';
import type { TrainingHooks } from './events.js';
import { findImageClasses } from './find-image-classes.js';
import { holdOutPoints } from './held-out.js';
import { fetchInitialWeights } from './initial-weights.js';
import { deviceOfRank, threadsOfRank } from './rank-resources.js';
import { broadcastJson, restoreRankStates } from './rank-state.js';
import { resolveClassWeights } from './resolve-class-weights.js';
import type { RunBatches, StepSource } from './step-source.js';
import { Trainer } from './trainer.js';
import { TrainingBatches } from './training-batches.js';
import { TrainingRun } from './training-run.js';

/** Configures `runTraining`. */
export interface RunTrainingOptions extends TrainingHooks {
  readonly runFolder: string;
  /** Continues from the folder's last checkpoint; all later losses equal those of a run that was never interrupted. */
  readonly resume?: boolean;
  /** Resumes although samples are gone or new, which makes it another run; false, the default, stops and names them. */
  readonly allowChangedData?: boolean;
  /**
   * Says which rank this process is among those that train together; null trains alone. Read from the environment (RANK,
   * WORLD_SIZE and so on) by default.
   */
  readonly environment?: RankEnvironment | null;
  /** Gives other batches than crops of the images, and the network that learns from them; null, the default, takes crops. */
  readonly source?: StepSource | null;
}

/** Ends a rank because rank 0 could not begin the run; rank 0 reports the reason. */
class RankStoppedError extends CoarselyError {
  constructor() {
    super('rank 0 could not begin the run; the reason is in its own message', { code: 'rank-stopped' });
  }
}

/**
 * Trains to the config's last iteration, or until `shouldStop` returns true.
 * @throws {ConfigError} when the config cannot run as written, or the folder exists already
 * @throws {DataError} when the dataset cannot be read, or has only one class
 * @throws {CheckpointError} when the folder cannot be written, or not be resumed
 * @throws {DivergenceError} when the loss becomes NaN or infinite
 * @throws {DownloadError} when the ImageNet weights of the backbone cannot be fetched
 * @throws {DistributedError} when another rank is gone
 */
export async function runTraining(
  config: Config,
  { environment = readRankEnvironment(), ...options }: RunTrainingOptions,
): Promise<'finished' | 'interrupted'> {
  const stopListening = listenToFileNotices((message) => options.onEvent?.({ type: 'notice', message }));
  setThreads(threadsOfRank(config.threads, { environment }));
  const deterministicBefore = setDeterministic(config.deterministic);
  try {
    // Before the processes meet, as the others would wait only for so long. Afterwards the file is there.
    if (options.resume !== true) await fetchInitialWeights(config);
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
    stopListening();
  }
}

interface TrainPlace {
  readonly processGroup: ProcessGroup | null;
  /** Gives the device of this rank; the run's folder keeps the device of the config. */
  readonly device: Config['device'];
  readonly options: Omit<RunTrainingOptions, 'environment'>;
}

async function train(
  given: Config,
  { processGroup, device, options }: TrainPlace,
): Promise<'finished' | 'interrupted'> {
  const training = await openDataset(datasetSection(given.data, 'train'));
  const evaluation = await openDataset(datasetSection(given.data, 'evaluation'));
  if (training.classes.length === 1) {
    throw new DataError(`${given.data.root}: ${oneClassProblem(training.classes)}`);
  }
  if (processGroup) {
    expectSameImages(training, { part: 'train', processGroup });
    expectSameImages(evaluation, { part: 'evaluation', processGroup });
  }
  expectSameClasses(training, evaluation);
  const points = await openConfigPoints(given, training);
  if (points && processGroup) {
    expectSameImages(pointDataset(training, points), { part: 'points', processGroup });
  }
  const { stopping } = given.training;
  const { learned, heldOut } =
    points && stopping
      ? holdOutPoints(points, { share: stopping.heldOut, seed: given.seed })
      : { learned: points, heldOut: null };
  const onNotice = (message: string) => options.onEvent?.({ type: 'notice', message });
  const config = await resolveClassWeights(given, { dataset: training, processGroup, onNotice });
  const imageClasses = await findImageClasses(config, { dataset: training, processGroup, onNotice });
  const { statistics } = config.training;
  const first = processGroup === null || processGroup.rank === 0;
  const statisticsImages =
    first && statistics
      ? await ChosenImages.open(config.data, { ...statistics, count: statistics.images })
      : null;
  const data = first ? await recordParts(config, { training, evaluation, points }) : null;
  const { lastCheckpoint, notices, edits, ...changes } = atRankZero(processGroup, () =>
    continuationOf(config, { options, data }),
  );
  const { source = null } = options;
  const initialWeights =
    lastCheckpoint === null ? await fetchInitialWeights(config, { onNotice }) : lastCheckpoint.initialWeights;
  const trainer = new Trainer(
    { ...config, device },
    {
      classCount: training.classes.length,
      classNames: training.classes.map(({ name }) => name),
      datasetLength: training.length,
      imageClasses,
      processGroup,
      startsAnew: lastCheckpoint === null,
      onNotice,
      ...(source && { networkOf: source.networkOf, checkShare: source.checkShare }),
    },
  );
  let loader: RunBatches | null = null;
  let writer: RunWriter | null = null;
  try {
    restoreCheckpoint(trainer, { processGroup, lastCheckpoint, edits });
    // After the checkpoint, which may hold what the source computes features by.
    loader = source
      ? await source.open({
          config: trainer.config,
          components: trainer.components,
          training,
          points: learned,
          heldOut,
          processGroup,
          startsAnew: lastCheckpoint === null,
          onEvent: (event) => options.onEvent?.(event),
        })
      : new TrainingBatches(config, {
          ...(processGroup && { share: processGroup }),
          points: learned,
          onNotice,
        });
    atRankZero(processGroup, () => {
      writer = openWriter(config, { options, step: lastCheckpoint?.step ?? 0, ...changes });
      return null;
    });
    if (heldOut) onNotice(heldOutText(heldOut));
    for (const message of notices) options.onEvent?.({ type: 'notice', message });
    const parts = {
      trainer,
      loader,
      unit: source?.unit ?? ('images' as const),
      evaluation,
      heldOut: heldOut && pointDataset(training, heldOut),
      data,
      statisticsImages,
      writer,
      lastCheckpoint,
      initialWeights,
      processGroup,
      hooks: options,
    };
    return await new TrainingRun(parts).run();
  } finally {
    (writer as RunWriter | null)?.close();
    await loader?.close();
    trainer.dispose();
  }
}

function heldOutText(heldOut: PointLabels): string {
  const { points } = countPoints(heldOut);
  return `training.stopping: holds out ${counted(points, 'point')} of ${counted(heldOut.size, 'image')}, which are scored and not learned from`;
}

/** Records the parts that the run reads; clean labels are opened here for their list alone. */
async function recordParts(
  config: Config,
  {
    training,
    evaluation,
    points,
  }: {
    readonly training: SegmentationDataset;
    readonly evaluation: SegmentationDataset;
    readonly points: PointLabels | null;
  },
): Promise<DataRecord> {
  const readsClean = learnsFromClean(config) || mixesClean(config);
  const clean = readsClean ? await openDataset(datasetSection(config.data, 'clean')) : null;
  return recordData({
    train: training,
    evaluation,
    ...(clean && { clean }),
    ...(points && { points: pointDataset(training, points) }),
  });
}

/** Returns how an interrupted run goes on; a new run has nothing to continue. */
function continuationOf(
  config: Config,
  { options, data }: { readonly options: TrainPlace['options']; readonly data: DataRecord | null },
): Continuation {
  const { runFolder, resume = false, allowChangedData = false } = options;
  if (!resume || data === null)
    return { lastCheckpoint: null, notices: [], changes: [], configYaml: null, edits: null };
  return continueRun(config, { runFolder, data, allowChangedData });
}

interface WriterOptions extends Pick<Continuation, 'changes' | 'configYaml'> {
  readonly options: TrainPlace['options'];
  readonly step: number;
}

function openWriter(config: Config, { options, step, changes, configYaml }: WriterOptions): RunWriter {
  const { runFolder, resume = false } = options;
  const keep = config.training.keepCheckpoints;
  if (!resume) return RunWriter.create(runFolder, { configYaml: newConfigYaml(config), keep });
  const writer = RunWriter.resume(runFolder, step, { keep });
  try {
    for (const change of changes) writer.recordChange(change);
    if (configYaml !== null) writer.writeConfig(configYaml);
  } catch (error) {
    writer.close();
    throw error;
  }
  return writer;
}

/** Runs `body` on rank 0 alone and returns its result on all ranks; when it throws, the others throw a RankStoppedError. */
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
  const received = broadcastJson(processGroup, done);
  if (processGroup.rank === 0 && done === null) throw failure;
  if (received === null) throw new RankStoppedError();
  return (received as { readonly result: T }).result;
}

/** Restores a checkpoint on all ranks; rank 0 alone reads it. */
function restoreCheckpoint(
  trainer: Trainer,
  {
    processGroup,
    lastCheckpoint,
    edits,
  }: {
    readonly processGroup: ProcessGroup | null;
    readonly lastCheckpoint: LastCheckpoint | null;
    readonly edits: string | null;
  },
): void {
  if (lastCheckpoint === null) return;
  using _tensors = scope();
  const { file, step } = lastCheckpoint;
  const tensors = processGroup === null || processGroup.rank === 0 ? readSafetensors(file).tensors : null;
  try {
    if (processGroup) restoreRankStates(trainer, { tensors, step, processGroup });
    else if (tensors) trainer.loadState(tensors, step);
  } catch (cause) {
    if (!(cause instanceof CheckpointError) || edits === null) throw cause;
    throw new CheckpointError(
      `${file}: does not fit the config: ${edits}\nput these keys back, or start a new run with them`,
      { cause },
    );
  }
}
