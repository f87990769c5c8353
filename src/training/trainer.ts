/**
 * The loop's state and its next step: learning rate, phase, players. It knows no files: batches come in, losses go
 * out, and everything a resume needs is in `state()`.
 */

import type { Config } from '../config/index.js';
import { GradientSynchronizer, type ProcessGroup } from '../distributed/index.js';
import { CheckpointError, OperationError } from '../errors/index.js';
import { synchronizeBatchNorm } from '../nn/index.js';
import { clipGradNorm } from '../optim/index.js';
import type { SampleOrigin } from '../reweighting/index.js';
import { checkpointPart } from '../runs/internal.js';
import { scope, type Tensor, tensorFrom } from '../torch/index.js';
import { resolvePrecision } from '../torch/internal.js';
import { broadcastBuffers, broadcastState, expectSameConfig } from './agreement.js';
import {
  type ConfiguredTrainingComponents,
  type CreateTrainingComponentsOptions,
  createTrainingComponents,
} from './create-training-components.js';
import { learnFromClean } from './learn-from-clean.js';
import { type StepOptions, trainStep } from './train-step.js';
import type { Phase, StepBatch, StepLosses } from './training-components.js';

/** A batch as the loader gives it. */
export interface HostBatch {
  /** [N,3,height,width], normalized. */
  readonly images: Float32Array;
  /** [N,height,width] */
  readonly labels: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** Which part of which image each is; for reweighters that remember. */
  readonly origins?: readonly SampleOrigin[];
  /** A batch of the same size whose labels can be trusted; for reweighters that learn from one. */
  readonly clean?: HostBatch | null;
}

export class Trainer {
  readonly config: Config;
  readonly components: ConfiguredTrainingComponents;
  readonly precision: 'float32' | 'bfloat16';
  /** The processes that train together; null where this one trains alone. */
  readonly processGroup: ProcessGroup | null;
  readonly #synchronizer: GradientSynchronizer | null;
  /** Steps taken so far. */
  #taken = 0;

  /**
   * With a process group every process makes a trainer of the same config, and calls the same of its methods in the same order.
   * @throws ConfigError for parts that do not go together, or a batch that cannot be divided among the processes
   */
  constructor(config: Config, options: CreateTrainingComponentsOptions) {
    this.config = config;
    this.precision = resolvePrecision(config.precision, config.device);
    this.processGroup = options.processGroup ?? null;
    if (this.processGroup) expectSameConfig({ ...config, precision: this.precision }, this.processGroup);
    this.components = createTrainingComponents(config, options);
    this.#synchronizer = this.processGroup && this.#synchronizeOver(this.processGroup);
  }

  get stepsTaken(): number {
    return this.#taken;
  }

  /** Learning rate of the next step. */
  get learningRate(): number {
    const { learningRate } = this.config.optimizer;
    return learningRate * this.components.schedule(this.#taken, this.config.training.iterations);
  }

  /** Phase of the next step. */
  get phase(): Phase {
    const { isolatedFraction, iterations } = this.config.training;
    if (!this.components.reweighter?.isolatedStart) return 'joint';
    return this.#taken < isolatedFraction * iterations ? 'isolated' : 'joint';
  }

  /**
   * Takes one step, of this process's share of the batch. The losses are those of the share, the caller's to dispose.
   * @throws OperationError when the reweighter learns from clean labels and the batch brings none
   */
  step(batch: HostBatch, options: Pick<StepOptions, 'enter'> = {}): StepLosses {
    const step = () => this.#step(batch, options);
    return this.processGroup ? this.processGroup.guard(`training step ${this.#taken + 1}`, step) : step();
  }

  #step(batch: HostBatch, { enter }: Pick<StepOptions, 'enter'>): StepLosses {
    using inner = scope();
    const { clipNorm } = this.config.optimizer;
    const { learningRate, components } = this;
    const synchronizer = this.#synchronizer;
    const stepBatch = this.#onDevice(batch);
    const learner = components.reweighter?.cleanData;
    if (learner) {
      if (!batch.clean)
        throw new OperationError(
          'Trainer.step: the reweighter learns from clean labels; expected batch.clean',
        );
      const clean = this.#onDevice(batch.clean);
      const { generator } = components;
      learnFromClean(components, { learner, batch: stepBatch, clean, learningRate, generator });
    }
    components.optimizer.setLearningRate(learningRate);
    const losses = trainStep(components, stepBatch, {
      phase: this.phase,
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
    this.#taken += 1;
    for (const loss of Object.values(losses)) if (loss) inner.keep(loss);
    return losses;
  }

  /** Parameters, buffers, momenta and the generator's state, by prefixed name; live tensors but for the last. */
  state(): Map<string, Tensor> {
    const { model, reweighter, optimizer, generator } = this.components;
    const bytes = generator.state();
    return new Map([
      ...prefixed('model', model.stateDict()),
      ...prefixed('reweighter', reweighter?.stateDict() ?? new Map()),
      ...prefixed('optimizer', optimizer.state()),
      ['generator', tensorFrom(bytes, { dtype: 'uint8', shape: [bytes.length] })],
    ]);
  }

  /** Puts back what `state()` gave after `step` steps of the same config. @throws CheckpointError when it is another's */
  loadState(state: ReadonlyMap<string, Tensor>, step: number): void {
    const { model, reweighter, optimizer, generator } = this.components;
    model.loadStateDict(checkpointPart(state, 'model'));
    reweighter?.loadStateDict(checkpointPart(state, 'reweighter'));
    optimizer.loadState(checkpointPart(state, 'optimizer'));
    const bytes = state.get('generator');
    if (!bytes)
      throw new CheckpointError(
        'the checkpoint has no generator state: it was not written by a training run',
      );
    generator.setState(bytes.toBytes());
    this.#taken = step;
  }

  /**
   * Without synchronized batch normalization each rank's running statistics follow its own part of the batches. Before
   * ranks evaluate together they take those of rank 0, which are what a checkpoint holds. A collective operation.
   */
  shareBuffers(): void {
    if (this.processGroup) broadcastBuffers(this.components.model, this.processGroup);
  }

  dispose(): void {
    this.#synchronizer?.dispose();
    const { model, reweighter, optimizer, generator } = this.components;
    model.dispose();
    reweighter?.dispose();
    optimizer.dispose();
    generator.dispose();
  }

  #synchronizeOver(processGroup: ProcessGroup): GradientSynchronizer {
    const { model, reweighter } = this.components;
    broadcastState(reweighter ? [model, reweighter] : [model], processGroup);
    const { syncBatchNorm, bucketMiB } = this.config.distributed;
    synchronizeBatchNorm(model, syncBatchNorm && processGroup.worldSize > 1);
    const adversary = reweighter?.adversarialParameters()?.parameters ?? [];
    return new GradientSynchronizer(processGroup, [...model.parameters(), ...adversary], { bucketMiB });
  }

  #onDevice({ images, labels, height, width, origins }: HostBatch): StepBatch {
    const { device } = this.config;
    const count = labels.length / (height * width);
    // Of each, only the last form stays for the step.
    using inner = scope();
    const imagesNCHW = tensorFrom(images, { dtype: 'float32', shape: [count, 3, height, width] }).to({
      device,
      memoryFormat: 'channels-last',
    });
    const labelsNHW = tensorFrom(labels, { dtype: 'uint8', shape: [count, height, width] }).to({
      device,
      dtype: 'int64',
    });
    return {
      imagesNCHW: inner.keep(imagesNCHW),
      labelsNHW: inner.keep(labelsNHW),
      ...(origins && { origins }),
    };
  }
}

function* prefixed(prefix: string, state: ReadonlyMap<string, Tensor>): Iterable<[string, Tensor]> {
  for (const [name, tensor] of state) yield [`${prefix}.${name}`, tensor];
}
