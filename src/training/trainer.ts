/**
 * Holds the state of a training and takes its steps: learning rate, phase, network, reweighter and optimizer. It
 * neither reads nor writes files: callers pass batches and receive losses, and `state()` holds all that a resume needs.
 */

import type { Config } from '../config/index.js';
import { normalizationOf } from '../config/internal.js';
import { GradientSynchronizer, type ProcessGroup } from '../distributed/index.js';
import { CheckpointError, ConfigError, OperationError } from '../errors/index.js';
import type { Segmentor } from '../models/index.js';
import { synchronizeBatchNorm } from '../nn/index.js';
import { clipGradNorm } from '../optim/index.js';
import { checkpointPart } from '../runs/internal.js';
import { noGrad, scope, type Tensor, tensorFrom } from '../torch/index.js';
import { type Precision, resolvePrecision } from '../torch/internal.js';
import { broadcastBuffers, broadcastState, expectSameConfig } from './agreement.js';
import {
  type ConfiguredTrainingComponents,
  type CreateTrainingComponentsOptions,
  createTrainingComponents,
} from './create-training-components.js';
import { colorsOf } from './image-colors.js';
import { learnFromClean } from './learn-from-clean.js';
import { learningParameters } from './learning-parameters.js';
import { changingState, MovingAverage } from './moving-average.js';
import { type AveragedNetwork, loadNetworkState, networkState, prefixed } from './network-state.js';
import { anyNeeds } from './region-losses.js';
import { Stopping } from './stopping.js';
import type { StoppingState, StoppingVerdict } from './stopping-rule.js';
import { type StepOptions, trainStep } from './train-step.js';
import type { DeviceBatch, TrainingBatch } from './training-batch.js';
import type {
  Phase,
  StepBatch,
  StepLosses,
  TrainableModel,
  TrainingComponents,
} from './training-components.js';

/** Configures a `Trainer`. */
export interface TrainerOptions extends CreateTrainingComponentsOptions {
  /** Returns the network that a step computes, which shares parameters with the whole one; the whole one by default. */
  readonly networkOf?: (
    components: Pick<ConfiguredTrainingComponents, 'model' | 'reweighter'>,
  ) => TrainableModel;
}

/** Trains the network and reweighter of a config, step by step. */
export class Trainer {
  readonly config: Config;
  readonly components: ConfiguredTrainingComponents;
  readonly precision: Precision;
  /** Connects the processes that train together; null when this one trains alone. */
  readonly processGroup: ProcessGroup | null;
  readonly #synchronizer: GradientSynchronizer | null;
  /** Holds the components with the network that a step computes. */
  readonly #stepComponents: TrainingComponents;
  /** Updates the teacher; null without one. */
  readonly #average: MovingAverage | null;
  /** Holds the same components without losses on pixels that have no label. */
  readonly #supervised: TrainingComponents;
  /** Follows the scores of held-out points; null where none are. */
  readonly #stopping: Stopping | null;
  #taken = 0;

  /**
   * Creates the components of the config. With a process group every process must create a trainer of the same config,
   * and call the same methods in the same order.
   * @throws {ConfigError} when parts of the config contradict each other, processes have different configs, or a batch
   *   cannot be divided among them
   * @throws {EngineError} when the device does not exist
   * @throws {CheckpointError} when initial weights do not fit the network
   */
  constructor(config: Config, { networkOf, ...options }: TrainerOptions) {
    if (config.quick !== null && !networkOf) {
      throw new ConfigError(
        'quick: this config trains a head on stored features; train it with trainRun of coarsely/quick, or set quick: null',
      );
    }
    if (config.fill !== null) {
      throw new ConfigError(
        'fill: this config trains on labels that rounds before it fill; train it with trainFilled of coarsely/fill, or set fill: null',
      );
    }
    this.config = config;
    this.precision = resolvePrecision(config.precision, config.device);
    this.processGroup = options.processGroup ?? null;
    if (this.processGroup) expectSameConfig({ ...config, precision: this.precision }, this.processGroup);
    this.components = createTrainingComponents(config, options);
    const { teacher, model, reweighter } = this.components;
    this.#average =
      teacher && config.teacher && new MovingAverage({ average: teacher, model }, config.teacher);
    this.#stepComponents = networkOf
      ? {
          ...this.components,
          model: networkOf(this.components),
          teacher: teacher && networkOf({ model: teacher, reweighter }),
        }
      : this.components;
    const covering = this.#stepComponents.regionLosses?.filter(({ learnsUncovered }) => !learnsUncovered);
    this.#supervised = { ...this.#stepComponents, ...(covering && { regionLosses: covering }) };
    this.#stopping = config.training.stopping && new Stopping(config.training.stopping);
    this.#synchronizer = this.processGroup && this.#synchronizeOver(this.processGroup);
  }

  /** Returns the number of steps taken so far, including those before a resume. */
  get stepsTaken(): number {
    return this.#taken;
  }

  /** Returns the network that is scored and that predictions read: the moving average where the config says so. */
  get publishedNetwork(): Segmentor {
    const { model, teacher, publishesTeacher } = this.averagedNetwork;
    return publishesTeacher && teacher ? teacher : model;
  }

  /** Returns what a step computes of the network that is scored, which shares its parameters. */
  get publishedStepNetwork(): TrainableModel {
    const { model, teacher } = this.#stepComponents;
    return this.averagedNetwork.publishesTeacher && teacher ? teacher : model;
  }

  /** Tells whether scores of held-out points have ended the training before its last step. */
  get hasEnded(): boolean {
    return this.hasStopped && this.config.training.stopping?.action === 'end';
  }

  /** Tells whether scores of held-out points have switched off the losses on pixels without a label. */
  get hasStopped(): boolean {
    return this.#stopping?.hasStopped ?? false;
  }

  /** Returns the network with its moving average. */
  get averagedNetwork(): AveragedNetwork & Pick<ConfiguredTrainingComponents, 'model' | 'teacher'> {
    const { model, teacher } = this.components;
    return { model, teacher, publishesTeacher: this.config.teacher?.evaluate ?? false };
  }

  /** Returns the learning rate of the next step. */
  get learningRate(): number {
    const { learningRate } = this.config.optimizer;
    return learningRate * this.components.schedule(this.#taken, this.config.training.iterations);
  }

  /** Returns the phase of the next step. */
  get phase(): Phase {
    const { isolatedFraction, iterations } = this.config.training;
    if (!this.components.reweighter?.isolatedStart) return 'joint';
    return this.#taken < isolatedFraction * iterations ? 'isolated' : 'joint';
  }

  /**
   * Takes one step with this process's share of a batch.
   * @returns the losses of that share, which the caller disposes
   * @throws {OperationError} when the reweighter learns from clean labels and the batch has none
   * @throws {DistributedError} when another process has ended
   */
  step(batch: TrainingBatch | DeviceBatch, options: Pick<StepOptions, 'enter'> = {}): StepLosses {
    const step = () => this.#step(batch, options);
    return this.processGroup ? this.processGroup.guard(`training step ${this.#taken + 1}`, step) : step();
  }

  #step(batch: TrainingBatch | DeviceBatch, { enter }: Pick<StepOptions, 'enter'>): StepLosses {
    using inner = scope();
    const { clipNorm } = this.config.optimizer;
    const { learningRate, components } = this;
    const synchronizer = this.#synchronizer;
    const stepBatch = this.#prepared(batch);
    const learner = components.reweighter?.cleanData;
    if (learner) {
      if (!batch.clean)
        throw new OperationError(
          'Trainer.step: the reweighter learns from clean labels; expected batch.clean, received none',
        );
      const clean = this.#prepared(batch.clean);
      const { generator } = components;
      learnFromClean(this.#stepComponents, { learner, batch: stepBatch, clean, learningRate, generator });
    }
    // What prepares a run may have changed the network since it was created.
    if (this.#taken === 0) this.#average?.restart();
    components.optimizer.setLearningRate(learningRate);
    const losses = trainStep(this.hasStopped ? this.#supervised : this.#stepComponents, stepBatch, {
      phase: this.phase,
      progress: this.#taken / this.config.training.iterations,
      precision: this.precision,
      kernels: this.config.kernels,
      ...(enter && { enter }),
      activationCheckpointing: this.config.model.activationCheckpointing,
      gradientAccumulationSteps: this.config.training.gradientAccumulationSteps,
      ...(synchronizer && { lastBackward: (objective) => synchronizer.backward(objective) }),
      beforeUpdate: () => {
        if (clipNorm !== null) clipGradNorm(components.model.parameters(), clipNorm).dispose();
      },
    });
    this.#average?.update(this.#taken);
    this.#taken += 1;
    for (const loss of Object.values(losses)) if (loss) inner.keep(loss);
    return losses;
  }

  /**
   * Returns parameters, buffers, momenta and the generator's state by prefixed name. They are the live tensors, except the
   * generator's state, which is a copy.
   */
  state(): Map<string, Tensor> {
    const bytes = this.components.generator.state();
    return new Map([
      ...networkState(this.averagedNetwork),
      ...this.#beside(),
      ['generator', tensorFrom(bytes, { dtype: 'uint8', shape: [bytes.length] })],
      ...prefixed('stopping', this.#stopping?.tensors() ?? new Map()),
    ]);
  }

  /** Returns what is learned beside the network. */
  #beside(): Map<string, Tensor> {
    const { reweighter, correction, optimizer, frequencies } = this.components;
    return new Map([
      ...prefixed('reweighter', reweighter?.stateDict() ?? new Map()),
      ...prefixed('correction', correction?.stateDict() ?? new Map()),
      ...prefixed('optimizer', optimizer.state()),
      ...(frequencies ? [['frequencies', frequencies.values] as const] : []),
    ]);
  }

  /**
   * Takes the score of held-out points after the last step, of which higher ones are better, and says what it means. The best
   * state is kept; when the rule of `training.stopping` says `stop`, all that is learned becomes what it was then, and the
   * losses on pixels without a label are off from there on. Every rank must call it with the same score.
   * @throws {OperationError} when the config has no such rule, or it has stopped before
   */
  observeHeldOut(score: number | null): { readonly verdict: StoppingVerdict; readonly state: StoppingState } {
    const stopping = this.#stopping;
    if (stopping === null) {
      throw new OperationError(
        'Trainer.observeHeldOut: expected a config with training.stopping, received null',
      );
    }
    const verdict = stopping.observe(this.#taken, {
      score,
      current: () => this.#learned(),
      restore: (best) => this.#loadLearned(new Map([...networkState(this.averagedNetwork), ...best])),
    });
    return { verdict, state: stopping.state };
  }

  /** Returns what training has changed: the network without its frozen parts, and what is learned beside it. */
  #learned(): Map<string, Tensor> {
    const { model } = this.components;
    const changing = changingState(model);
    const frozen = new Set(
      [...model.stateDict().keys()].filter((name) => !changing.has(name)).map((name) => `model.${name}`),
    );
    const network = [...networkState(this.averagedNetwork)].filter(([name]) => !frozen.has(name));
    return new Map([...network, ...this.#beside()]);
  }

  #loadLearned(state: ReadonlyMap<string, Tensor>): void {
    const { reweighter, correction, optimizer, frequencies } = this.components;
    loadNetworkState(this.components, state);
    reweighter?.loadStateDict(checkpointPart(state, 'reweighter'));
    correction?.loadStateDict(checkpointPart(state, 'correction'));
    optimizer.loadState(checkpointPart(state, 'optimizer'));
    const values = state.get('frequencies');
    if (frequencies && values) noGrad(() => frequencies.values.copy_(values));
  }

  /**
   * Restores what `state()` returned after `step` steps of the same config.
   * @throws {CheckpointError} when the state is of another network, or has no generator or no moving average
   */
  loadState(state: ReadonlyMap<string, Tensor>, step: number): void {
    this.#loadLearned(state);
    this.#stopping?.load(checkpointPart(state, 'stopping'));
    const bytes = state.get('generator');
    if (!bytes)
      throw new CheckpointError(
        'the checkpoint has no generator state; expected one that a training run wrote',
      );
    this.components.generator.setState(bytes.toBytes());
    this.#taken = step;
  }

  /**
   * Copies the running statistics of rank 0 to all ranks before they evaluate together. Without synchronized batch
   * normalization each rank's statistics follow its own part of the batches, and a checkpoint holds those of rank 0. Every
   * rank must call it.
   */
  broadcastBuffers(): void {
    const { processGroup } = this;
    if (processGroup === null) return;
    const { model, teacher } = this.components;
    broadcastBuffers(model, processGroup);
    if (teacher) broadcastBuffers(teacher, processGroup);
  }

  dispose(): void {
    this.#synchronizer?.dispose();
    this.#stopping?.[Symbol.dispose]();
    const { model, teacher, reweighter, correction, optimizer, generator } = this.components;
    const { classWeights, imageClasses, frequencies } = this.components;
    model.dispose();
    teacher?.dispose();
    reweighter?.dispose();
    correction?.dispose();
    classWeights?.dispose();
    imageClasses?.dispose();
    frequencies?.values.dispose();
    optimizer.dispose();
    generator.dispose();
  }

  #synchronizeOver(processGroup: ProcessGroup): GradientSynchronizer {
    const { model, reweighter } = this.components;
    broadcastState(reweighter ? [model, reweighter] : [model], processGroup);
    const { syncBatchNorm, bucketMiB } = this.config.distributed;
    synchronizeBatchNorm(model, syncBatchNorm && processGroup.worldSize > 1);
    const adversary = reweighter?.adversarialParameters()?.parameters ?? [];
    return new GradientSynchronizer(processGroup, [...learningParameters(model), ...adversary], {
      bucketMiB,
    });
  }

  #prepared(batch: TrainingBatch | DeviceBatch): StepBatch {
    return 'onDevice' in batch ? batch.onDevice : this.#onDevice(batch);
  }

  #onDevice({ images, labels, height, width, origins, trusted }: TrainingBatch): StepBatch {
    const { device } = this.config;
    const count = labels.length / (height * width);
    const channels = images.length / labels.length;
    // The scope frees the copies before the last conversion; only the converted tensors are kept for the step.
    using inner = scope();
    const imagesNCHW = tensorFrom(images, { dtype: 'float32', shape: [count, channels, height, width] }).to({
      device,
      memoryFormat: 'channels-last',
    });
    const readsColors = anyNeeds(this.components.regionLosses, 'colors');
    const labelMap = (map: Uint8Array) =>
      inner.keep(
        tensorFrom(map, { dtype: 'uint8', shape: [count, height, width] }).to({ device, dtype: 'int64' }),
      );
    return {
      imagesNCHW: inner.keep(imagesNCHW),
      labelsNHW: labelMap(labels),
      ...(origins && { origins }),
      ...(readsColors && { colorsN3HW: inner.keep(colorsOf(imagesNCHW, normalizationOf(this.config.data))) }),
      ...(trusted && {
        trusted: trusted.map(({ labels: map, share }) => ({ labelsNHW: labelMap(map), share })),
      }),
    };
  }
}
