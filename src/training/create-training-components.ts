/** From a config to the two players, their optimizer and the functions between them. */

import type { Config } from '../config/index.js';
import { checkCleanData, checkExtraHeads, extraHeadsOf } from '../config/internal.js';
import type { ProcessGroup } from '../distributed/index.js';
import { EngineError } from '../errors/index.js';
import { losses } from '../losses/index.js';
import { createSegmentor, type Segmentor } from '../models/index.js';
import { optimizers, type ParameterGroup, type Schedule, schedules } from '../optim/index.js';
import { createComponent } from '../registry/index.js';
import { confidences, type Reweighter, reweighters } from '../reweighting/index.js';
import { engine, Generator, isAvailable, tidy } from '../torch/index.js';
import { rankShare } from './rank-share.js';
import type { TrainingComponents } from './training-components.js';

// Keeps the draws for the reweighter apart from the network's: with and without it, a seed gives the same network.
const reweighterStream = 0x9e3779b9;
// Between the dropout streams of the ranks.
const rankStride = 0x6a09e667;

export interface ConfiguredTrainingComponents extends TrainingComponents {
  readonly model: Segmentor;
  readonly schedule: Schedule;
  /** Source of the dropout masks; its state belongs into a checkpoint. */
  readonly generator: Generator;
}

export interface CreateTrainingComponentsOptions {
  readonly classCount: number;
  /** Number of training images. */
  readonly datasetLength: number;
  /** The processes that train together; null (the default) is this one alone. */
  readonly processGroup?: ProcessGroup | null;
}

/**
 * @throws ConfigError for parts that do not go together, EngineError when the device is not there, CheckpointError for
 *   initial weights that do not fit
 */
export function createTrainingComponents(
  config: Config,
  { classCount, datasetLength, processGroup = null }: CreateTrainingComponentsOptions,
): ConfiguredTrainingComponents {
  checkExtraHeads(config);
  checkCleanData(config);
  rankShare(config, processGroup?.worldSize ?? 1);
  const { device, seed, optimizer: optimizerSection } = config;
  if (!isAvailable(device)) {
    throw new EngineError(
      `device ${device}: this libtorch (${engine().key}) sees no such device; use device: cpu`,
    );
  }
  const generator = new Generator(seed);
  const model = createSegmentor(config.model, {
    classCount,
    extraHeads: extraHeadsOf(config),
    generator,
  });
  model.to({ device, memoryFormat: 'channels-last' });
  if (processGroup) separate(generator, { seed, rank: processGroup.rank });
  const reweighter = createReweighter(config, { classCount, datasetLength });
  const adversary = reweighter?.adversarialParameters();
  const { clipNorm: _, backboneScale, ...optimizer } = optimizerSection;
  return {
    model,
    reweighter,
    generator,
    optimizer: createComponent(optimizers, optimizer, {
      groups: [...networkGroups(model, { backboneScale }), ...(adversary ? [adversary] : [])],
    }),
    schedule: createComponent(schedules, config.schedule, { learningRate: optimizer.learningRate }),
    pixelLoss: createComponent(losses, config.loss, { classCount }),
    confidence: createComponent(confidences, config.confidence, { classCount }),
    reduction: config.reduction,
    auxiliaryWeight: config.model.auxiliary?.weight ?? 0,
    processGroup: processGroup,
    normScope: config.normScope,
  };
}

/**
 * All ranks draw the same first parameters, and then different dropout masks. Rank 0 draws on as a single process does.
 */
function separate(
  generator: Generator,
  { seed, rank }: { readonly seed: number; readonly rank: number },
): void {
  if (rank === 0) return;
  using own = new Generator((seed + rank * rankStride) % 2 ** 48);
  generator.setState(own.state());
}

/** Returns the network's parameters in one group, or in two where the backbone has a learning rate of its own. */
function networkGroups(
  model: Segmentor,
  { backboneScale }: { readonly backboneScale: number },
): ParameterGroup[] {
  if (backboneScale === 1) return [{ parameters: model.parameters() }];
  const backbone = model.backbone.parameters();
  const others = model.parameters().filter((parameter) => !backbone.includes(parameter));
  return [{ parameters: others }, { parameters: backbone, learningRateScale: backboneScale }];
}

/** The reweighter that a config names, on its device; null where it names none. */
function createReweighter(
  config: Config,
  { classCount, datasetLength }: CreateTrainingComponentsOptions,
): Reweighter | null {
  const section = config.reweighter;
  if (!section) return null;
  using generator = new Generator(config.seed + reweighterStream);
  const reweighter = tidy(() =>
    createComponent(reweighters, section, { classCount, datasetLength, generator }),
  );
  reweighter.to({ device: config.device });
  return reweighter;
}
