/** The loop of a run: steps, evaluations and checkpoints in their order, and what is told and written of them. */

import { cpus } from 'node:os';
import { type ChosenImages, measureStatistics } from '../analysis/index.js';
import type { Batch, SegmentationDataset } from '../data/index.js';
import type { ProcessGroup } from '../distributed/index.js';
import { type Evaluation, evaluate, inferenceOptions } from '../evaluation/index.js';
import type { EvaluationValues, Profile } from '../runs/index.js';
import { environmentState, type RunWriter } from '../runs/internal.js';
import { engine, memory, scope, threads, tidy } from '../torch/index.js';
import { DivergenceWatch } from './divergence-watch.js';
import type { TrainingEvent, TrainingHooks } from './events.js';
import { RankLosses } from './rank-losses.js';
import { collectRankStates } from './rank-state.js';
import { StepProfiler } from './step-profiler.js';
import type { Trainer } from './trainer.js';
import type { TrainingBatches } from './training-batches.js';
import type { StepLosses } from './training-components.js';

export interface TrainingRunParts {
  readonly trainer: Trainer;
  readonly loader: TrainingBatches;
  readonly evaluation: SegmentationDataset;
  /** Training images whose statistics are recorded; null records none. */
  readonly watched: ChosenImages | null;
  /** Null on the ranks that leave the folder to rank 0. */
  readonly writer: RunWriter | null;
  /** The checkpoint that the run was taken up from. */
  readonly lastCheckpoint: LastCheckpoint | null;
  /** The processes that train together; null where there is one. */
  readonly processGroup: ProcessGroup | null;
  readonly options: TrainingHooks;
}

export interface LastCheckpoint {
  readonly file: string;
  readonly step: number;
}

export class TrainingRun {
  readonly #parts: TrainingRunParts;
  readonly #watch: DivergenceWatch;
  readonly #rankLosses: RankLosses | null;
  #checkpoint: string | null;
  #checkpointStep: number;
  #clock = performance.now();
  #profiler: StepProfiler | null = null;

  constructor(parts: TrainingRunParts) {
    this.#parts = parts;
    this.#checkpoint = parts.lastCheckpoint?.file ?? null;
    this.#checkpointStep = parts.lastCheckpoint?.step ?? -1;
    this.#watch = new DivergenceWatch(() => this.#checkpoint);
    this.#rankLosses = parts.processGroup && new RankLosses(parts.processGroup);
  }

  async toTheEnd(): Promise<'finished' | 'interrupted'> {
    const { trainer, loader } = this.#parts;
    const { iterations, evaluateEvery, checkpointEvery } = trainer.config.training;
    const parameters = trainer.components.model.parameters().reduce((sum, { numel }) => sum + numel, 0);
    this.#tell({ type: 'start', iterations, parameters, resumedFrom: trainer.stepsTaken || null });
    if (trainer.stepsTaken === 0) this.#recordWeights();
    this.#profiler = this.#createProfiler();
    try {
      while (trainer.stepsTaken < iterations) {
        this.#profiler?.enter('data');
        const asked = performance.now();
        const batch = await loader.next(trainer.stepsTaken);
        this.#takeStep(batch, performance.now() - asked);
        const done = trainer.stepsTaken;
        if (done % evaluateEvery === 0 || done === iterations) await this.#evaluate();
        if (done % checkpointEvery === 0 || done === iterations) this.#save();
        if (done < iterations && this.#stopWanted()) {
          this.#save();
          return 'interrupted';
        }
      }
      return 'finished';
    } finally {
      this.#keep(this.#profiler?.finish() ?? null);
      this.#profiler?.[Symbol.dispose]();
      this.#watch.dispose();
      this.#rankLosses?.dispose();
    }
  }

  /** Ranks stop after the same step, whichever of them was asked. */
  #stopWanted(): boolean {
    return this.#rankLosses?.stopWanted() ?? this.#parts.options.shouldStop?.() ?? false;
  }

  #takeStep(batch: Batch, waited: number): void {
    const { trainer, processGroup, options } = this.#parts;
    const { iterations, logEvery } = trainer.config.training;
    const { learningRate } = trainer;
    const profiler = this.#profiler;
    profiler?.enter('other');
    const own = trainer.step(batch, profiler ? { enter: (phase) => profiler.enter(phase) } : {});
    const losses = this.#rankLosses?.share(own, { stop: options.shouldStop?.() ?? false }) ?? own;
    const step = trainer.stepsTaken;
    const logged = step % logEvery === 0 || step === iterations || step === 1;
    const loss = logged ? this.#log(losses, learningRate) : null;
    for (const part of [losses.main, losses.weighted, losses.auxiliary]) part?.dispose();
    this.#watch.follow({ step, names: batch.names, objective: losses.objective });
    if (logged) this.#watch.settle();
    const count = batch.names.length * (processGroup?.worldSize ?? 1);
    batch.release();
    this.#keep(profiler?.endStep(step) ?? null);
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

  /** Only where a folder is written; a run shorter than the warm-up has its last steps measured. */
  #createProfiler(): StepProfiler | null {
    const { trainer, writer, options } = this.#parts;
    const { profileSteps = null } = options;
    if (profileSteps === null || writer === null) return null;
    const { device, training } = trainer.config;
    const warmUp = Math.min(3, Math.max(0, training.iterations - trainer.stepsTaken - 1));
    return new StepProfiler({ steps: profileSteps, warmUp, device, precision: trainer.precision });
  }

  #keep(profile: Profile | null): void {
    if (profile !== null) this.#parts.writer?.writeProfile(profile);
  }

  /** Reads the losses back: the host waits for the device here. */
  #log(losses: StepLosses, learningRate: number): number {
    const objective = losses.objective.item();
    this.#parts.writer?.append({
      step: this.#parts.trainer.stepsTaken,
      split: 'train',
      values: {
        loss: objective,
        mainLoss: losses.main.item(),
        ...(losses.weighted && { weightedLoss: losses.weighted.item() }),
        ...(losses.auxiliary && { auxiliaryLoss: losses.auxiliary.item() }),
        learningRate,
      },
    });
    return objective;
  }

  async #evaluate(): Promise<void> {
    const { trainer, evaluation, writer, processGroup } = this.#parts;
    // Without synchronized normalization each rank has running statistics of its own; one network is to be scored.
    trainer.shareBuffers();
    const values = await evaluate(trainer.components.model, evaluation, {
      ...inferenceOptions(trainer.config),
      precision: trainer.precision,
      boundary: trainer.config.inference.boundary,
      processGroup,
    });
    writer?.append({ step: trainer.stepsTaken, split: 'val', values: valuesOf(values) });
    this.#recordWeights();
    await this.#recordStatistics();
    this.#tell({ type: 'evaluation', step: trainer.stepsTaken, values });
    this.#clock = performance.now();
  }

  /** W(v̂) as it is now, for the plot of how it was learned. */
  #recordWeights(): void {
    const { trainer, writer } = this.#parts;
    const confidence = Array.from({ length: 81 }, (_, index) => index / 40 - 1);
    const weight = tidy(() => trainer.components.reweighter?.curve(confidence));
    if (weight) {
      writer?.append({ step: trainer.stepsTaken, split: 'weights', values: { confidence, weight } });
    }
  }

  /** What pixels of different confidence are like now, on a few training images. */
  async #recordStatistics(): Promise<void> {
    const { trainer, watched, writer } = this.#parts;
    if (watched === null) return;
    const inference = { ...inferenceOptions(trainer.config), precision: trainer.precision };
    const statistics = await measureStatistics({ ...trainer.components, inference }, watched);
    writer?.append({ step: trainer.stepsTaken, split: 'statistics', values: statistics });
  }

  #save(): void {
    const { trainer, writer, processGroup } = this.#parts;
    const step = trainer.stepsTaken;
    if (step === this.#checkpointStep) return;
    this.#watch.settle();
    this.#checkpointStep = step;
    using _copies = scope();
    const others = processGroup ? collectRankStates(trainer, processGroup) : [];
    if (writer === null) return;
    this.#checkpoint = writer.writeCheckpoint({
      step,
      tensors: new Map([...trainer.state(), ...others]),
      state: { classes: this.#classes(), ...environmentState(environment(processGroup?.worldSize ?? 1)) },
    });
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

/** Returns what a report shows of the machine and engine of a run. */
function environment(processes: number) {
  const { key, bfloat16Fast } = engine();
  const processor = cpus()[0]?.model ?? process.arch;
  return {
    Engine: `libtorch ${key}`,
    Machine: `${processor}, ${threads()} threads${bfloat16Fast ? ', native bfloat16' : ''}`,
    Node: process.version,
    ...(processes > 1 && { Processes: String(processes) }),
  };
}

function valuesOf({ aAcc, mAcc, mIoU, perClass, boundaryF1, trimapMIoU }: Evaluation): EvaluationValues {
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
