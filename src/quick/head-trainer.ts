/** Trains heads on choices of rows of one frozen network's features, as the config of a quick run says. */

import type { Config } from '../config/index.js';
import { checkQuick, extraHeadsOf, learnsFromClean, withoutReplacedWeights } from '../config/internal.js';
import { ConfigError } from '../errors/index.js';
import { type Backbone, createSegmentor, heads, type StackableHead } from '../models/index.js';
import { createComponent } from '../registry/index.js';
import { Generator, setThreads } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import type { FeatureRows } from './feature-rows.js';
import { standardizeHead } from './standardize-head.js';
import { type TrainHeadOptions, trainHead } from './train-head.js';

/** Describes what a head learns from. */
export interface HeadTraining {
  readonly rows: FeatureRows;
  /** Lists rows whose labels can be trusted; none by default. */
  readonly trusted?: NonNullable<TrainHeadOptions['trusted']>;
  readonly seed: number;
  /** Counts the steps; those of the config by default. */
  readonly steps?: number;
  /** Goes on with this head, which keeps how it standardizes features; by default a new one is created. */
  readonly start?: StackableHead;
}

/** Trains heads on the features of one frozen network, which it owns. */
export class HeadTrainer implements Disposable {
  readonly backbone: Backbone;
  /** Says which features a head reads. */
  readonly reading: Pick<StackableHead, 'taps' | 'patchSize'>;
  readonly #config: Config;
  readonly classCount: number;

  /**
   * @throws {ConfigError} when published weights were not fetched before
   * @throws {CheckpointError} when the weights of the backbone do not fit
   */
  constructor(
    config: Config,
    { classCount, onNotice }: { readonly classCount: number; readonly onNotice: (notice: string) => void },
  ) {
    setThreads(resolveThreads(config.threads));
    this.#config = config;
    this.classCount = classCount;
    using generator = new Generator(config.seed);
    const network = createSegmentor(withoutReplacedWeights(config).model, {
      classCount,
      imageChannels: config.data.channels,
      extraHeads: extraHeadsOf(config),
      generator,
      onNotice,
    });
    const { taps, patchSize } = network.head as StackableHead;
    this.reading = { taps, patchSize };
    network.head.dispose();
    network.extraHeads?.dispose();
    this.backbone = network.backbone.to({ device: config.device, memoryFormat: 'channels-last' }).eval();
  }

  /** Counts the steps of a training. */
  get steps(): number {
    return this.#config.training.iterations;
  }

  /** Returns a head that learned from rows, in evaluation mode: a new one, which the caller disposes, or `start`. */
  train({ rows, trusted = [], seed, steps, start }: HeadTraining): StackableHead {
    const { loss, confidence, reweighter, schedule, optimizer, training, device, precision } = this.#config;
    const quick = this.#config.quick as NonNullable<Config['quick']>;
    const { clipNorm: _clip, backboneScale: _scale, ...optimizerSection } = optimizer;
    const head = start ?? this.create(seed);
    try {
      if (start === undefined) standardizeHead(head, rows, { seed });
      return trainHead(rows, {
        ...{ start: head, classCount: this.classCount, seed, trusted, device, precision },
        ...{ loss, confidence, reweighter, schedule, optimizer: optimizerSection },
        pixels: quick.pixels,
        classBalance: quick.classBalance,
        steps: steps ?? training.iterations,
        isolatedFraction: training.isolatedFraction,
      });
    } catch (error) {
      if (start === undefined) head.dispose();
      throw error;
    }
  }

  /** Returns a head that has not learned yet; the caller disposes it. */
  create(seed: number): StackableHead {
    using generator = new Generator(seed);
    const { backbone } = this;
    const { head, alignCorners } = this.#config.model;
    const context = { backbone, classCount: this.classCount, generator, alignCorners };
    return createComponent(heads, head, context) as StackableHead;
  }

  [Symbol.dispose](): void {
    this.backbone.dispose();
  }
}

/** Says in messages who trains heads on rows alone. */
export interface HeadTrainingUser {
  /** Names the user, such as `a plan`. */
  readonly user: string;
  /** Says why trusted labels of a config are left out. */
  readonly trusted: string;
}

/**
 * Checks that heads on rows alone train as the config says.
 *
 * @throws {ConfigError} naming the key that would be left out
 */
export function checkHeadTraining(config: Config, { user, trusted }: HeadTrainingUser): void {
  const refuse = (key: string, message: string): never => {
    throw new ConfigError(`${key}: ${message}`);
  };
  if (config.quick === null) {
    refuse(
      'quick',
      `${user} trains heads on stored features; expected a config of quick training, such as the recipe quick`,
    );
  }
  checkQuick(config);
  if (config.regionLosses.length > 0) {
    refuse('regionLosses', `${user} trains with the pixel loss alone; expected []`);
  }
  if (config.teacher !== null) refuse('teacher', `${user} trains heads without one; expected null`);
  if (config.training.stopping !== null)
    refuse('training.stopping', `${user} trains all steps; expected null`);
  if (config.correction !== null)
    refuse('correction', `${user} trains on the labels as they are; expected null`);
  if (config.fill !== null) refuse('fill', `${user} trains on the labels as they are; expected null`);
  if (config.classWeights !== null) {
    refuse('classWeights', `${user} weighs classes by quick.classBalance alone; expected null`);
  }
  if (learnsFromClean(config)) {
    refuse(
      'reweighter.kind',
      `${config.reweighter?.kind} learns from clean labels, and ${user} ${trusted}; expected another`,
    );
  }
  for (const key of ['points', 'clean'] as const) {
    if (config.data[key] === null) continue;
    refuse(`data.${key}`, `${user} ${trusted}; expected null`);
  }
  if (config.optimizer.clipNorm !== null) {
    refuse(
      'optimizer.clipNorm',
      `${user} trains without it; expected null, received ${config.optimizer.clipNorm}`,
    );
  }
}
