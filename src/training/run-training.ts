/** A whole run: dataset, loader, trainer, evaluation and the run's folder, from a config to the last checkpoint. */

import { availableParallelism, cpus } from 'node:os';
import { type Config, configToYaml, datasetSection } from '../config/index.js';
import { type Batch, openDataset, type SegmentationDataset } from '../data/index.js';
import { CheckpointError } from '../errors/index.js';
import { type Evaluation, evaluate, inferenceOptions } from '../evaluation/index.js';
import { ChosenImages, measureStatistics } from '../figures/index.js';
import { RunWriter, readRun } from '../runs/index.js';
import { engine, memory, readSafetensors, scope, setThreads, threads, tidy } from '../torch/index.js';
import { settlePrecision } from './create-players.js';
import { DivergenceWatch } from './divergence-watch.js';
import type { TrainingEvent } from './events.js';
import type { StepLosses } from './players.js';
import { Trainer } from './trainer.js';
import { TrainingBatches } from './training-batches.js';

export interface RunTrainingOptions {
  readonly runFolder: string;
  /** Continues from the folder's last checkpoint, exactly as the unbroken run would have. */
  readonly resume?: boolean;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Asked after every step; true writes a checkpoint and returns `interrupted`. */
  readonly shouldStop?: () => boolean;
}

/**
 * Trains to the config's last iteration.
 * @throws CoarselyError for whatever a user can cause; DivergenceError when the loss stops being finite
 */
export async function runTraining(
  config: Config,
  options: RunTrainingOptions,
): Promise<'finished' | 'interrupted'> {
  setThreads(config.threads || availableParallelism());
  const training = await openDataset(datasetSection(config.data, 'train'));
  const evaluation = await openDataset(datasetSection(config.data, 'evaluation'));
  const { statistics } = config.training;
  const watched =
    statistics && (await ChosenImages.open(config.data, { ...statistics, count: statistics.images }));
  const trainer = new Trainer(config, {
    classCount: training.classes.length,
    datasetLength: training.length,
  });
  const loader = new TrainingBatches(config);
  let writer: RunWriter | undefined;
  try {
    writer = openWriter(trainer, options);
    const run = new TrainingRun({ trainer, loader, evaluation, watched, writer, options });
    return await run.toTheEnd();
  } finally {
    writer?.close();
    await loader.close();
    trainer.dispose();
  }
}

function openWriter(trainer: Trainer, { runFolder, resume = false }: RunTrainingOptions): RunWriter {
  const { config } = trainer;
  const keep = config.training.keepCheckpoints;
  if (!resume) {
    const ran = { ...config, precision: settlePrecision(config) };
    return RunWriter.create(runFolder, { configYaml: configToYaml(ran), keep });
  }
  const checkpoint = readRun(runFolder).lastCheckpoint;
  if (checkpoint) {
    using _tensors = scope();
    const { tensors } = readSafetensors(checkpoint.file);
    trainer.loadState(tensors, checkpoint.step);
    if (checkpoint.step > config.training.iterations) {
      throw new CheckpointError(
        `${runFolder}: its last checkpoint is of step ${checkpoint.step}, beyond training.iterations = ${config.training.iterations}`,
      );
    }
  }
  return RunWriter.resume(runFolder, checkpoint?.step ?? 0, { keep });
}

interface TrainingRunParts {
  readonly trainer: Trainer;
  readonly loader: TrainingBatches;
  readonly evaluation: SegmentationDataset;
  /** Training images whose statistics are recorded; null records none. */
  readonly watched: ChosenImages | null;
  readonly writer: RunWriter;
  readonly options: RunTrainingOptions;
}

class TrainingRun {
  readonly #parts: TrainingRunParts;
  readonly #watch: DivergenceWatch;
  #checkpoint: string | null;
  #checkpointStep: number;
  #clock = performance.now();

  constructor(parts: TrainingRunParts) {
    this.#parts = parts;
    const last = readRun(parts.options.runFolder).lastCheckpoint;
    this.#checkpoint = last?.file ?? null;
    this.#checkpointStep = last?.step ?? -1;
    this.#watch = new DivergenceWatch(() => this.#checkpoint);
  }

  async toTheEnd(): Promise<'finished' | 'interrupted'> {
    const { trainer, loader, options } = this.#parts;
    const { iterations, evaluateEvery, checkpointEvery } = trainer.config.training;
    const parameters = trainer.players.model.parameters().reduce((sum, { numel }) => sum + numel, 0);
    this.#tell({ type: 'start', iterations, parameters, resumedFrom: trainer.stepsTaken || null });
    if (trainer.stepsTaken === 0) this.#recordWeights();
    try {
      while (trainer.stepsTaken < iterations) {
        const asked = performance.now();
        const batch = await loader.next(trainer.stepsTaken);
        this.#takeStep(batch, performance.now() - asked);
        const done = trainer.stepsTaken;
        if (done % evaluateEvery === 0 || done === iterations) await this.#evaluate();
        if (done % checkpointEvery === 0 || done === iterations) this.#save();
        if (done < iterations && options.shouldStop?.()) {
          this.#save();
          return 'interrupted';
        }
      }
      return 'finished';
    } finally {
      this.#watch.dispose();
    }
  }

  #takeStep(batch: Batch, waited: number): void {
    const { trainer } = this.#parts;
    const { iterations, logEvery } = trainer.config.training;
    const { learningRate } = trainer;
    const losses = trainer.step(batch);
    const step = trainer.stepsTaken;
    const logged = step % logEvery === 0 || step === iterations || step === 1;
    const loss = logged ? this.#log(losses, learningRate) : null;
    for (const part of [losses.main, losses.weighted, losses.auxiliary]) part?.dispose();
    this.#watch.follow({ step, names: batch.names, objective: losses.objective });
    if (logged) this.#watch.settle();
    const count = batch.names.length;
    batch.release();
    const now = performance.now();
    const elapsed = now - this.#clock;
    this.#clock = now;
    this.#tell({
      type: 'step',
      step,
      iterations,
      loss,
      learningRate,
      imagesPerSecond: (1000 * count) / elapsed,
      memoryBytes: memory().liveBytes,
      dataWaitShare: Math.min(1, waited / elapsed),
    });
  }

  /** Reads the losses back: the host waits for the device here. */
  #log(losses: StepLosses, learningRate: number): number {
    const objective = losses.objective.item();
    this.#parts.writer.append(this.#parts.trainer.stepsTaken, 'train', {
      loss: objective,
      mainLoss: losses.main.item(),
      ...(losses.weighted && { weightedLoss: losses.weighted.item() }),
      ...(losses.auxiliary && { auxiliaryLoss: losses.auxiliary.item() }),
      learningRate,
    });
    return objective;
  }

  async #evaluate(): Promise<void> {
    const { trainer, evaluation, writer } = this.#parts;
    const values = await evaluate(trainer.players.model, evaluation, {
      ...inferenceOptions(trainer.config),
      precision: trainer.precision,
      boundary: trainer.config.inference.boundary,
    });
    writer.append(trainer.stepsTaken, 'val', valuesOf(values));
    this.#recordWeights();
    await this.#recordStatistics();
    this.#tell({ type: 'evaluation', step: trainer.stepsTaken, values });
    this.#clock = performance.now();
  }

  /** W(v̂) as it is now, for the plot of how it was learned. */
  #recordWeights(): void {
    const { trainer, writer } = this.#parts;
    const confidence = Array.from({ length: 81 }, (_, index) => index / 40 - 1);
    const weight = tidy(() => trainer.players.reweighter?.curve(confidence));
    if (weight) writer.append(trainer.stepsTaken, 'weights', { confidence, weight });
  }

  /** What pixels of different confidence are like now, on a few training images. */
  async #recordStatistics(): Promise<void> {
    const { trainer, watched, writer } = this.#parts;
    if (watched === null) return;
    const inference = { ...inferenceOptions(trainer.config), precision: trainer.precision };
    const statistics = await measureStatistics({ ...trainer.players, inference }, watched);
    writer.append(trainer.stepsTaken, 'statistics', statistics);
  }

  #save(): void {
    const { trainer, writer } = this.#parts;
    const step = trainer.stepsTaken;
    if (step === this.#checkpointStep) return;
    this.#watch.settle();
    using _generatorState = scope();
    this.#checkpoint = writer.writeCheckpoint({
      step,
      tensors: trainer.state(),
      state: { classes: this.#classes(), circumstances: circumstances() },
    });
    this.#checkpointStep = step;
    this.#tell({ type: 'checkpoint', step, path: this.#checkpoint });
    this.#clock = performance.now();
  }

  /** With the checkpoint, so that a trained network can be used where its dataset is not. */
  #classes() {
    return this.#parts.evaluation.classes.map(({ name, color }) => ({ name, color: [...color] }));
  }

  #tell(event: TrainingEvent): void {
    this.#parts.options.onEvent?.(event);
  }
}

/** What a report says of where a run took place. */
function circumstances() {
  const { key, bfloat16Fast } = engine();
  const processor = cpus()[0]?.model ?? process.arch;
  return {
    Engine: `libtorch ${key}`,
    Machine: `${processor}, ${threads()} threads${bfloat16Fast ? ', native bfloat16' : ''}`,
    Node: process.version,
  };
}

function valuesOf({ aAcc, mAcc, mIoU, perClass, boundaryF1, trimapMIoU }: Evaluation) {
  // Only where they were measured: most runs have no keys for them.
  const outlined = boundaryF1 !== null;
  return {
    aAcc,
    mAcc,
    mIoU,
    ...(outlined && { boundaryF1, trimapMIoU: trimapMIoU?.map(({ width, mIoU }) => ({ width, mIoU })) }),
    perClass: perClass.map(({ name, iou, accuracy, boundaryF1: outline }) => ({
      name,
      iou,
      accuracy,
      ...(outlined && { boundaryF1: outline }),
    })),
  };
}
