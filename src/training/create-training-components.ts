/** Creates from a config what is trained: the network, its reweighter, their optimizer and loss. */

import type { Config } from '../config/index.js';
import {
  checkCleanData,
  checkCorrection,
  checkExtraHeads,
  checkObjective,
  checkQuick,
  checkStopping,
  checkTeacher,
  checkTrustedLabels,
  extraHeadsOf,
  normalizationOf,
  withoutInitialWeights,
  withoutReplacedWeights,
} from '../config/internal.js';
import type { ProcessGroup } from '../distributed/index.js';
import { ConfigError, EngineError } from '../errors/index.js';
import { losses, regionLosses } from '../losses/index.js';
import { createSegmentor, type Segmentor } from '../models/index.js';
import { Buffer } from '../nn/index.js';
import { optimizers, type ParameterGroup, type Schedule, schedules } from '../optim/index.js';
import { createComponent } from '../registry/index.js';
import { confidences, LabelCorrection, type Reweighter, reweighters } from '../reweighting/index.js';
import { engine, full, Generator, isAvailable, tensorFrom, tidy } from '../torch/index.js';
import { freeOnThrow } from '../torch/internal.js';
import { learningParameters } from './learning-parameters.js';
import { rankShare } from './rank-share.js';
import { anyNeeds } from './region-losses.js';
import { classWeightList } from './resolve-class-weights.js';
import { startFromNetwork } from './start-from-network.js';
import type { ClassFrequencies, TrainingComponents } from './training-components.js';

// Separates the draws of the reweighter from the network's, so that a seed gives the same network with and without it.
const reweighterStream = 0x9e3779b9;
// Separates the dropout streams of the ranks.
const rankStride = 0x6a09e667;

/** Holds the training components of a config. */
export interface ConfiguredTrainingComponents extends TrainingComponents {
  readonly model: Segmentor;
  /** Holds the moving average of the network, frozen; null where the config keeps none. */
  readonly teacher: Segmentor | null;
  readonly schedule: Schedule;
  /** Draws the dropout masks; its state belongs into a checkpoint. */
  readonly generator: Generator;
}

/** Gives the facts about the dataset and the processes that components depend on. */
export interface CreateTrainingComponentsOptions {
  readonly classCount: number;
  /** Names the classes, where class weights or the rows of a network to start from are by name; null, the default. */
  readonly classNames?: readonly string[] | null;
  /** Counts the training images. */
  readonly datasetLength: number;
  /** Connects the processes that train together; null, the default, trains in this one alone. */
  readonly processGroup?: ProcessGroup | null;
  /** Reads the weights that the config starts from; false where a checkpoint replaces them all. True by default. */
  readonly startsAnew?: boolean;
  /** Receives a line about what was assumed when weights were read. */
  readonly onNotice?: (notice: string) => void;
  /** Says for each training image which classes its labels have, [images, C] with 1 for those; null, the default, if unknown. */
  readonly imageClasses?: Uint8Array | null;
  /** Checks that a batch can be divided among the processes; by default that training.batchSize can. */
  readonly checkShare?: (config: Config, worldSize: number) => void;
}

/**
 * Creates network, reweighter, optimizer, schedule, loss and confidence on the config's device; the caller disposes them.
 * @throws {ConfigError} when parts of the config do not go together
 * @throws {EngineError} when the device does not exist
 * @throws {CheckpointError} when initial weights do not fit the network
 */
export function createTrainingComponents(
  config: Config,
  options: CreateTrainingComponentsOptions,
): ConfiguredTrainingComponents {
  return freeOnThrow(() => createComponents(config, options));
}

function createComponents(
  config: Config,
  options: CreateTrainingComponentsOptions,
): ConfiguredTrainingComponents {
  const { classCount, classNames = null, datasetLength, processGroup = null } = options;
  const { startsAnew = true, onNotice, checkShare = rankShare, imageClasses = null } = options;
  checkExtraHeads(config);
  checkCleanData(config);
  checkObjective(config);
  checkTeacher(config);
  checkTrustedLabels(config);
  checkStopping(config);
  checkCorrection(config);
  const classWeights =
    config.classWeights && classWeightList(config.classWeights, { names: classNames, classCount });
  checkQuick(config);
  checkShare(config, processGroup?.worldSize ?? 1);
  const { device, seed, optimizer: optimizerSection } = config;
  if (!isAvailable(device)) {
    throw new EngineError(
      `device ${device}: this libtorch (${engine().key}) sees no such device; use device: cpu`,
    );
  }
  const generator = new Generator(seed);
  const { model: section } = startsAnew ? withoutReplacedWeights(config) : withoutInitialWeights(config);
  const model = createSegmentor(section, {
    classCount,
    imageChannels: config.data.channels,
    extraHeads: extraHeadsOf(config),
    generator,
    onNotice,
  });
  startFromWeights(model, { ...config, model: section }, options);
  model.to({ device, memoryFormat: 'channels-last' });
  if (processGroup) separateDropout(generator, { seed, rank: processGroup.rank });
  const reweighter = createReweighter(config, { classCount, datasetLength });
  const adversary = reweighter?.adversarialParameters();
  const { clipNorm: _, backboneScale, ...optimizer } = optimizerSection;
  return {
    model,
    teacher: config.teacher && createTeacher(config, { model, classCount }),
    reweighter,
    generator,
    optimizer: createComponent(optimizers, optimizer, {
      groups: [...networkGroups(model, { backboneScale }), ...(adversary ? [adversary] : [])],
    }),
    schedule: createComponent(schedules, config.schedule, { learningRate: optimizer.learningRate }),
    pixelLoss: createComponent(losses, config.loss, { classCount }),
    confidence: createComponent(confidences, config.confidence, { classCount }),
    correction: config.correction && createCorrection(config.correction, { classCount, classNames, device }),
    reduction: config.reduction,
    classWeights:
      classWeights && new Buffer(tensorFrom(classWeights, { dtype: 'float32', shape: [classCount], device })),
    regionLosses: config.regionLosses.map(({ weight, ...section }) => ({
      loss: createComponent(regionLosses, section, {}),
      weight,
      needs: regionLosses.get(section.kind).needs ?? [],
      learnsUncovered: regionLosses.get(section.kind).learnsUncovered ?? false,
    })),
    imageClasses: imageClasses && classTable(imageClasses, { classCount, device }),
    frequencies: createFrequencies(config, classCount),
    normalization: normalizationOf(config.data),
    pixelLossWeight: config.pixelLossWeight,
    auxiliaryWeight: config.model.auxiliary?.weight ?? 0,
    processGroup,
    normScope: config.normScope,
  };
}

/** Returns equal frequencies of all classes to begin with; null where no loss reads them. */
function createFrequencies(
  { teacher, regionLosses: sections, device }: Config,
  classCount: number,
): ClassFrequencies | null {
  if (
    !teacher ||
    !anyNeeds(
      sections.map(({ kind }) => regionLosses.get(kind)),
      'frequencies',
    )
  )
    return null;
  const values = new Buffer(full([classCount], { value: 1 / classCount, dtype: 'float32', device }));
  return { values, momentum: teacher.momentum };
}

/** Returns the classes of each training image as a table [images, C] on the device. */
function classTable(
  imageClasses: Uint8Array,
  { classCount, device }: { readonly classCount: number; readonly device: Config['device'] },
): Buffer {
  const shape = [imageClasses.length / classCount, classCount];
  return new Buffer(tensorFrom(imageClasses, { dtype: 'bool', shape, device }));
}

/**
 * Gives each rank its own stream of dropout masks, after all ranks drew the same first parameters. Rank 0 continues its
 * stream as a single process does.
 */
function separateDropout(
  generator: Generator,
  { seed, rank }: { readonly seed: number; readonly rank: number },
): void {
  if (rank === 0) return;
  using own = new Generator((seed + rank * rankStride) % 2 ** 48);
  generator.setState(own.state());
}

/** Returns the parameters that learn in one group, or in two where the backbone has a learning rate of its own. */
function networkGroups(
  model: Segmentor,
  { backboneScale }: { readonly backboneScale: number },
): ParameterGroup[] {
  const learning = learningParameters(model);
  if (backboneScale === 1) return [{ parameters: learning }];
  const backbone = learningParameters(model.backbone);
  const others = learning.filter((parameter) => !backbone.includes(parameter));
  return [{ parameters: others }, { parameters: backbone, learningRateScale: backboneScale }];
}

/** Returns a frozen copy of the network, which draws nothing from the generator of the run. */
function createTeacher(
  config: Config,
  { model, classCount }: { readonly model: Segmentor; readonly classCount: number },
): Segmentor {
  using generator = new Generator(config.seed);
  const teacher = createSegmentor(withoutInitialWeights(config).model, {
    classCount,
    imageChannels: config.data.channels,
    extraHeads: extraHeadsOf(config),
    generator,
  });
  teacher.to({ device: config.device, memoryFormat: 'channels-last' });
  teacher.loadStateDict(model.stateDict());
  return teacher.freeze();
}

/** Copies the weights of the config's `model.weights`, if there are any, into the network. */
function startFromWeights(
  model: Segmentor,
  { model: section, data }: Config,
  { classNames = null, onNotice }: Pick<CreateTrainingComponentsOptions, 'classNames' | 'onNotice'>,
): void {
  const { weights } = section;
  if (weights === null) return;
  if (classNames === null) {
    throw new ConfigError(
      `model.weights: ${weights}: expected the names of the dataset's classes (classNames), by which its rows are matched`,
    );
  }
  const classes = classNames.map((name) => ({ name }));
  startFromNetwork(model, weights, { section, classes, normalization: normalizationOf(data), onNotice });
}

function createCorrection(
  section: NonNullable<Config['correction']>,
  {
    classCount,
    classNames,
    device,
  }: Pick<CreateTrainingComponentsOptions, 'classCount' | 'classNames'> & Pick<Config, 'device'>,
): LabelCorrection {
  const correction = tidy(
    () => new LabelCorrection({ ...section, classCount, classNames: classNames ?? null }),
  );
  correction.to({ device });
  return correction;
}

/** Returns the reweighter of a config on its device; null where the config names none. */
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
