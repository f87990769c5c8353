/** Creates what trains a head by itself, beside any config of a run: losses, reweighter, optimizer and schedule by section. */

import { losses } from '../losses/index.js';
import type { StackableHead } from '../models/index.js';
import { ExtraHeads } from '../models/internal.js';
import { Buffer } from '../nn/index.js';
import { optimizers, type Schedule, schedules } from '../optim/index.js';
import { type ComponentSection, createComponent } from '../registry/index.js';
import {
  confidences,
  LabelCorrection,
  type LabelCorrectionOptions,
  reweighters,
} from '../reweighting/index.js';
import { type Device, Generator, tensorFrom, tidy } from '../torch/index.js';
import type { TrainingComponents } from '../training/index.js';
import { StackedNetwork } from './stacked-network.js';

/** Names the parts that train a head, as the sections of a config do. */
export interface HeadSections {
  /** Names the loss of a row with its options; cross-entropy by default. */
  readonly loss?: ComponentSection;
  /** Weighs the classes, one number for each; all alike by default. */
  readonly classWeights?: readonly number[];
  /** Names the confidence that a reweighter reads; `variance` by default. */
  readonly confidence?: ComponentSection;
  /** Names the reweighter with its options; none by default. */
  readonly reweighter?: ComponentSection | null;
  /** Replaces labels that are probably wrong, with these options; off by default. */
  readonly correction?: Omit<LabelCorrectionOptions, 'classCount' | 'classNames'> | null;
  /** Names the optimizer with its options; by default that of the recipe `quick`. */
  readonly optimizer?: ComponentSection;
  /** Names the schedule with its options; by default that of the recipe `quick`. */
  readonly schedule?: ComponentSection;
}

/** Holds what a head is trained with. */
export interface HeadComponents extends TrainingComponents {
  readonly model: StackedNetwork;
  readonly schedule: Schedule;
  readonly device: Device;
  /** Gives the base learning rate. */
  readonly learningRate: number;
  /** Makes an image of each row, because the reweighter reads where it lies. */
  readonly apart: boolean;
  /** Frees everything but the head. */
  dispose(): void;
}

/** Configures `createHeadComponents`. */
export interface HeadComponentsOptions extends HeadSections {
  readonly classCount: number;
  /** Counts the images, for reweighters that remember each. */
  readonly imageCount: number;
  readonly seed: number;
  readonly device: Device;
  /** Draws the parameters of extra heads, and masks. */
  readonly generator: Generator;
}

/** Separates the draws of the reweighter from those of the head. */
const reweighterStream = 0x9e3779b9;

/** Is what the recipe `quick` trains with; a test compares both. */
const defaults = {
  optimizer: { kind: 'adamw', learningRate: 0.01, weightDecay: 0.01 },
  schedule: { kind: 'cosine' },
} as const;

/**
 * Creates network, losses, reweighter, optimizer and schedule around a head.
 *
 * @throws {ConfigError} when a kind or one of its options is unknown
 */
export function createHeadComponents(head: StackableHead, options: HeadComponentsOptions): HeadComponents {
  const { classCount, imageCount, seed, device, generator, classWeights } = options;
  const { loss = { kind: 'cross-entropy' }, confidence = { kind: 'variance' } } = options;
  const { optimizer: optimizerSection = defaults.optimizer, schedule = defaults.schedule } = options;
  const channels = losses.get(loss.kind).extraHeads ?? {};
  const extraHeads =
    Object.keys(channels).length === 0 ? null : new ExtraHeads(head.channels, { heads: channels, generator });
  using drawing = new Generator(seed + reweighterStream);
  const section = options.reweighter ?? null;
  const context = { classCount, datasetLength: imageCount, generator: drawing };
  const reweighter = section && tidy(() => createComponent(reweighters, section, context));
  const correction = options.correction
    ? tidy(() => new LabelCorrection({ ...options.correction, classCount }))
    : null;
  extraHeads?.to({ device });
  correction?.to({ device });
  reweighter?.to({ device });
  const apart = reweighter?.needs?.includes('origins') ?? false;
  const model = new StackedNetwork({ head, extraHeads, apart });
  const adversary = reweighter?.adversarialParameters();
  const groups = [{ parameters: model.parameters() }, ...(adversary ? [adversary] : [])];
  const optimizer = createComponent(optimizers, optimizerSection, { groups });
  const { learningRate } = optimizer;
  const weights =
    classWeights &&
    new Buffer(tensorFrom([...classWeights], { dtype: 'float32', shape: [classWeights.length], device }));
  return {
    model,
    optimizer,
    reweighter,
    correction,
    apart,
    device,
    learningRate,
    generator,
    pixelLoss: createComponent(losses, loss, { classCount }),
    confidence: createComponent(confidences, confidence, { classCount }),
    schedule: createComponent(schedules, schedule, { learningRate }),
    reduction: 'valid',
    auxiliaryWeight: 0,
    classWeights: weights ?? null,
    dispose() {
      optimizer.dispose();
      reweighter?.dispose();
      correction?.dispose();
      extraHeads?.dispose();
      weights?.dispose();
    },
  };
}
