/** Runs the training loop: steps, evaluations and checkpoints in order, with the events and records of each. */

import { cpus } from 'node:os';
import { type ChosenImages, measureStatistics } from '../analysis/index.js';
import type { SegmentationDataset } from '../data/index.js';
import type { ProcessGroup } from '../distributed/index.js';
import { type Evaluation, evaluate, inferenceOptions } from '../evaluation/index.js';
import type { Parameter } from '../nn/index.js';
import type { EvaluationValues, MemoryValues, Profile } from '../runs/index.js';
import { endState, environmentState, initialWeightsState, type RunWriter } from '../runs/internal.js';
import { engine, scope, threads, tidy } from '../torch/index.js';
import { ClassTally, samplingText } from './class-tally.js';
import { configState, type LastCheckpoint } from './continued-run.js';
import { type DataRecord, dataState } from './data-record.js';
import { DivergenceWatch } from './divergence-watch.js';
import type { TrainingEvent, TrainingHooks } from './events.js';
import { scoreHeldOut } from './held-out.js';
import { learningParameters } from './learning-parameters.js';
import { withMemoryAdvice } from './memory-advice.js';
import { MemoryMeter } from './memory-meter.js';
import { RankLosses } from './rank-losses.js';
import { collectRankStates } from './rank-state.js';
import { StepProfiler } from './step-profiler.js';
import type { RunBatch, RunBatches } from './step-source.js';
import { stoppedText } from './stopping-text.js';
import type { Trainer } from './trainer.js';
import type { StepLosses } from './training-components.js';

/** Holds what the loop of a run works with. */
export interface TrainingRunParts {
  readonly trainer: Trainer;
  readonly loader: RunBatches;
  /** Names what a batch counts. */
  readonly unit: 'images' | 'pixels';
  readonly evaluation: SegmentationDataset;
  /** Shows the images with points that are scored and not learned from; null where none are held out. */
  readonly heldOut: SegmentationDataset | null;
  /** Describes the dataset for the checkpoint; null on ranks above 0. */
  readonly data: DataRecord | null;
  /** Holds the training images whose statistics are recorded at every evaluation; null records none. */
  readonly statisticsImages: ChosenImages | null;
  /** Writes the run's folder; null on ranks above 0, which leave it to rank 0. */
  readonly writer: RunWriter | null;
  /** Gives the checkpoint that the run continues from; null for a new run. */
  readonly lastCheckpoint: LastCheckpoint | null;
  /** Gives name and SHA-256 of the file of weights that the run started from; null where there was none. */
  readonly initialWeights: string | null;
  /** Connects the processes that train together; null when there is one. */
  readonly processGroup: ProcessGroup | null;
  readonly hooks: TrainingHooks;
}

export class TrainingRun {
  readonly #parts: TrainingRunParts;
  readonly #watch: DivergenceWatch;
  readonly #rankLosses: RankLosses | null;
  #checkpoint: string | null;
  #checkpointStep: number;
  #clock = performance.now();
  /** Marks the end of the last evaluation, or the start of the steps. */
  #evaluated = 0;
  readonly #seconds = { steps: 0, evaluation: 0 };
  #profiler: StepProfiler | null = null;
  readonly #memory = new MemoryMeter();
  /** Adds up milliseconds since the last line of memory, without the first step, which waits for workers to start. */
  #waits = { waited: 0, elapsed: 0 };
  #hasStepped = false;
  #samplesWritten = false;
  readonly #classes: ClassTally;

  constructor(parts: TrainingRunParts) {
    this.#parts = parts;
    this.#checkpoint = parts.lastCheckpoint?.file ?? null;
    this.#checkpointStep = parts.lastCheckpoint?.step ?? -1;
    this.#classes = new ClassTally(parts.evaluation.classes.map(({ name }) => name));
    this.#watch = new DivergenceWatch(() => this.#checkpoint);
    this.#rankLosses = parts.processGroup && new RankLosses(parts.processGroup);
  }

  /**
   * Trains until the last step, or until a stop is requested.
   * @throws {DivergenceError} when the loss becomes NaN or infinite
   */
  async run(): Promise<'finished' | 'interrupted'> {
    const { trainer, loader } = this.#parts;
    const { iterations, evaluateEvery, checkpointEvery } = trainer.config.training;
    const { model } = trainer.components;
    const parameters = countNumbers(model.parameters());
    const frozen = parameters - countNumbers(learningParameters(model));
    this.#tell({ type: 'start', iterations, parameters, frozen, resumedFrom: trainer.stepsTaken || null });
    if (trainer.stepsTaken === 0) this.#recordWeights();
    this.#profiler = this.#createProfiler();
    this.#evaluated = performance.now();
    try {
      while (trainer.stepsTaken < iterations && !trainer.hasEnded) {
        this.#profiler?.enter('data');
        const asked = performance.now();
        const batch = await loader.next(trainer.stepsTaken);
        try {
          this.#takeStep(batch, performance.now() - asked);
        } finally {
          batch.release();
        }
        const done = trainer.stepsTaken;
        await this.#followHeldOut();
        const isLast = done === iterations || trainer.hasEnded;
        if (done % evaluateEvery === 0 || isLast) await this.#evaluate();
        if (done % checkpointEvery === 0 || isLast) this.#save();
        if (!isLast && this.#stopRequested()) {
          this.#save();
          return 'interrupted';
        }
      }
      return 'finished';
    } finally {
      this.#writeProfile(this.#profiler?.finish() ?? null);
      this.#profiler?.[Symbol.dispose]();
      this.#watch.dispose();
      this.#rankLosses?.dispose();
    }
  }

  /** Scores held-out points where it is time, before the network is evaluated, as it may become the best one again. */
  async #followHeldOut(): Promise<void> {
    const { trainer, heldOut: images, loader, writer, processGroup } = this.#parts;
    const { stopping, evaluateEvery, iterations } = trainer.config.training;
    const step = trainer.stepsTaken;
    if (stopping === null || images === null || trainer.hasStopped) return;
    if (step % (stopping.every ?? evaluateEvery) !== 0 && step !== iterations) return;
    trainer.broadcastBuffers();
    const scores = await scoreHeldOut({ trainer, loader, images, processGroup });
    const { verdict, state } = trainer.observeHeldOut(scores.mIoU);
    const { bestStep } = state;
    writer?.append({ step, split: 'heldOut', values: { ...scores, verdict, bestStep } });
    if (verdict === 'stop')
      this.#tell({ type: 'notice', message: stoppedText(step, { scores, state, stopping }) });
    this.#clock = performance.now();
  }

  /** Returns the same answer on all ranks, so that they stop after the same step whichever of them was asked. */
  #stopRequested(): boolean {
    return this.#rankLosses?.stopRequested() ?? this.#parts.hooks.shouldStop?.() ?? false;
  }

  #takeStep(batch: RunBatch, waited: number): void {
    const { trainer, processGroup, hooks, unit } = this.#parts;
    const { iterations, logEvery } = trainer.config.training;
    const { learningRate } = trainer;
    const profiler = this.#profiler;
    profiler?.enter('other');
    const own = withMemoryAdvice(trainer.config, () =>
      trainer.step(batch, profiler ? { enter: (phase) => profiler.enter(phase) } : {}),
    );
    const losses = this.#rankLosses?.share(own, { stop: hooks.shouldStop?.() ?? false }) ?? own;
    const step = trainer.stepsTaken;
    const logged = step % logEvery === 0 || step === iterations || step === 1;
    const loss = logged ? this.#log(losses, learningRate) : null;
    const memory = logged ? this.#recordMemory() : null;
    const { objective: _, ...others } = losses;
    for (const part of Object.values(others)) part?.dispose();
    const { reweighter, correction } = trainer.components;
    for (const notice of [reweighter?.takeNotice?.(), correction?.takeNotice()])
      if (notice) this.#tell({ type: 'notice', message: `step ${step}: ${notice}` });
    this.#watch.follow({ step, names: batch.names, objective: losses.objective });
    if (logged) this.#watch.settle();
    const count = batch.count * (processGroup?.worldSize ?? 1);
    if (batch.classPixels) this.#classes.add(batch.classPixels);
    this.#writeProfile(profiler?.endStep(step) ?? null);
    const now = performance.now();
    const elapsed = now - this.#clock;
    this.#clock = now;
    if (this.#hasStepped) {
      this.#waits.waited += waited;
      this.#waits.elapsed += elapsed;
    }
    this.#hasStepped = true;
    this.#tell({
      type: 'step',
      step,
      iterations,
      loss,
      learningRate,
      perSecond: (1000 * count) / elapsed,
      unit,
      memory,
      dataWaitShare: Math.min(1, waited / elapsed),
    });
  }

  /** Profiles only where a folder is written. A run that is shorter than the warm-up has its last steps measured. */
  #createProfiler(): StepProfiler | null {
    const { trainer, writer, hooks } = this.#parts;
    const { profileSteps = null } = hooks;
    if (profileSteps === null || writer === null) return null;
    const { device, training } = trainer.config;
    const warmUp = Math.min(3, Math.max(0, training.iterations - trainer.stepsTaken - 1));
    return new StepProfiler({
      steps: profileSteps,
      warmUp,
      device,
      precision: trainer.precision,
      beforeReset: () => this.#memory.note(),
    });
  }

  #writeProfile(profile: Profile | null): void {
    if (profile !== null) this.#parts.writer?.writeProfile(profile);
  }

  /** Reads the losses back and records them. The host waits for the device here. */
  #log(losses: StepLosses, learningRate: number): number {
    const objective = losses.objective.item();
    const { reweighter, correction } = this.#parts.trainer.components;
    const keptShare = reweighter?.keptShare ?? null;
    const correctedShare = correction?.correctedShare ?? null;
    this.#parts.writer?.append({
      step: this.#parts.trainer.stepsTaken,
      split: 'train',
      values: {
        loss: objective,
        mainLoss: losses.main.item(),
        ...(losses.weighted && { weightedLoss: losses.weighted.item() }),
        ...(keptShare !== null && { keptShare }),
        ...(correctedShare !== null && { correctedShare }),
        ...(losses.region && { regionLoss: losses.region.item() }),
        ...(losses.auxiliary && { auxiliaryLoss: losses.auxiliary.item() }),
        ...(losses.trusted && { trustedLoss: losses.trusted.item() }),
        learningRate,
      },
    });
    return objective;
  }

  /** Records the highest memory since the last line of this kind, which an evaluation may set as well as a step. */
  #recordMemory(): MemoryValues {
    const { waited, elapsed } = this.#waits;
    const values = {
      ...this.#memory.take(),
      ...(elapsed > 0 && { dataWaitShare: Math.min(1, waited / elapsed) }),
    };
    this.#waits = { waited: 0, elapsed: 0 };
    this.#parts.writer?.append({ step: this.#parts.trainer.stepsTaken, split: 'memory', values });
    return values;
  }

  async #evaluate(): Promise<void> {
    const { trainer, evaluation, writer, processGroup } = this.#parts;
    // Without synchronized normalization each rank has its own running statistics, but one network is scored.
    trainer.broadcastBuffers();
    const began = performance.now();
    const values = await evaluate(trainer.publishedNetwork, evaluation, {
      ...inferenceOptions(trainer.config),
      precision: trainer.precision,
      boundary: trainer.config.inference.boundary,
      processGroup,
    });
    for (const { image, reason } of values.skipped) {
      this.#tell({ type: 'leftOut', line: `${image}: ${reason}` });
    }
    writer?.append({ step: trainer.stepsTaken, split: 'val', values: valuesOf(values) });
    this.#recordWeights();
    this.#recordSampling();
    await this.#recordStatistics();
    this.#recordMemory();
    const seconds = this.#recordTiming(began);
    this.#tell({ type: 'evaluation', step: trainer.stepsTaken, values, seconds });
    this.#clock = performance.now();
  }

  /** Returns the seconds of the last steps and of the evaluation that began then, and records the sums of a quick run. */
  #recordTiming(began: number): { readonly steps: number; readonly evaluation: number } {
    const { trainer, writer, loader } = this.#parts;
    const now = performance.now();
    const seconds = { steps: (began - this.#evaluated) / 1000, evaluation: (now - began) / 1000 };
    this.#evaluated = now;
    this.#seconds.steps += seconds.steps;
    this.#seconds.evaluation += seconds.evaluation;
    if (loader.preparationSeconds !== undefined) {
      const values = { features: loader.preparationSeconds, ...this.#seconds };
      writer?.append({ step: trainer.stepsTaken, split: 'timing', values });
    }
    return seconds;
  }

  /** Records the weight function W(v̂) as it is now, for the plot of how it was learned. */
  #recordWeights(): void {
    const { trainer, writer } = this.#parts;
    const confidence = Array.from({ length: 81 }, (_, index) => index / 40 - 1);
    const { reweighter } = trainer.components;
    const curve = (agreement?: number) =>
      tidy(() => reweighter?.curve(confidence, agreement === undefined ? {} : { agreement })) ?? null;
    const weight = curve();
    if (weight === null) return;
    const byAgreement = reweighter?.shownAgreements?.flatMap((agreement) => {
      const there = curve(agreement);
      return there === null ? [] : [{ agreement, weight: there }];
    });
    const values = { confidence, weight, ...(byAgreement && { byAgreement }) };
    writer?.append({ step: trainer.stepsTaken, split: 'weights', values });
  }

  /** Records and tells which classes the crops since the last evaluation showed. */
  #recordSampling(): void {
    const { trainer, writer, processGroup } = this.#parts;
    if (trainer.config.data.sampling === 'uniform') return;
    const values = this.#classes.take(processGroup);
    // A run that resumes at an evaluation has seen no crop yet.
    if (values.crops === 0) return;
    writer?.append({ step: trainer.stepsTaken, split: 'sampling', values });
    this.#tell({ type: 'notice', message: samplingText(values) });
  }

  /** Records loss, label noise and weight by confidence on a few training images. */
  async #recordStatistics(): Promise<void> {
    const { trainer, statisticsImages, writer } = this.#parts;
    if (statisticsImages === null) return;
    const inference = { ...inferenceOptions(trainer.config), precision: trainer.precision };
    const statistics = await measureStatistics({ ...trainer.components, inference }, statisticsImages, {
      onLeftOut: (line) => this.#tell({ type: 'leftOut', line }),
    });
    writer?.append({ step: trainer.stepsTaken, split: 'statistics', values: statistics });
  }

  #save(): void {
    const { trainer, writer, processGroup, data, initialWeights } = this.#parts;
    const step = trainer.stepsTaken;
    if (step === this.#checkpointStep) return;
    this.#watch.settle();
    this.#checkpointStep = step;
    using _copies = scope();
    const statesOfOthers = processGroup ? collectRankStates(trainer, processGroup) : [];
    if (writer === null) return;
    if (data !== null && !this.#samplesWritten) writer.writeSamples(data.samples);
    this.#samplesWritten = true;
    this.#checkpoint = writer.writeCheckpoint({
      step,
      tensors: new Map([...trainer.state(), ...statesOfOthers]),
      state: {
        classes: this.#classList(),
        ...configState(trainer.config),
        ...(data && dataState(data)),
        ...endState(trainer.hasEnded),
        ...initialWeightsState(initialWeights),
        ...environmentState(environment(processGroup?.worldSize ?? 1)),
      },
    });
    this.#tell({ type: 'checkpoint', step, path: this.#checkpoint });
    this.#clock = performance.now();
  }

  /** Returns the classes that a checkpoint holds, so that a trained network can be used where its dataset is not. */
  #classList() {
    return this.#parts.evaluation.classes.map(({ name, color }) => ({ name, color: [...color] }));
  }

  #tell(event: TrainingEvent): void {
    this.#parts.hooks.onEvent?.(event);
  }
}

function countNumbers(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, { numel }) => sum + numel, 0);
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
  // Most runs do not measure boundaries and have no keys for them.
  const boundariesMeasured = boundaryF1 !== null;
  return {
    aAcc,
    mAcc,
    mIoU,
    ...(boundariesMeasured && {
      boundaryF1,
      trimapMIoU: trimapMIoU?.map(({ width, mIoU }) => ({ width, mIoU })),
    }),
    perClass: perClass.map(({ name, iou, accuracy, boundaryF1: classF1 }) => ({
      name,
      iou,
      accuracy,
      ...(boundariesMeasured && { boundaryF1: classF1 }),
    })),
  };
}
