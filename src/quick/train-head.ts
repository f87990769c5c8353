/**
 * Trains a head on rows of features, of a dataset or of a person's own, by the training step of every run: any loss,
 * confidence and reweighter. It reads and writes no file.
 */

import { OperationError } from '../errors/index.js';
import { Hypercolumn, type StackableHead } from '../models/index.js';
import { namedReweighters } from '../reweighting/internal.js';
import { type Device, Generator } from '../torch/index.js';
import { freeOnThrow, resolvePrecision } from '../torch/internal.js';
import { trainStep } from '../training/index.js';
import { learnFromClean, MovingAverage, type MovingAverageOptions } from '../training/internal.js';
import { classCounts, type FeatureRows } from './feature-rows.js';
import { createHeadComponents, type HeadSections } from './head-components.js';
import { disposeBatch, featureType, pixelBatch } from './pixel-batches.js';
import { RowSampler, type RowSamplerOptions } from './row-sampler.js';
import { StackedNetwork } from './stacked-network.js';
import { standardizeHead } from './standardize-head.js';
import { MixedRows } from './trusted-rows.js';

/** Configures `trainHead`. */
export interface TrainHeadOptions extends HeadSections {
  /** Counts the classes; one more than the highest label by default. */
  readonly classCount?: number;
  /** Goes on with this head, which keeps how it standardizes features; by default a new one is created. */
  readonly start?: StackableHead;
  /** Lists the widths of the hidden layers of a new head; [64] by default, and [] is a linear classifier. */
  readonly hidden?: number[];
  /** Counts the steps; 500 by default. */
  readonly steps?: number;
  /** Counts the rows of a step; 8192 by default. */
  readonly pixels?: number;
  /** Seeds every draw; 0 by default. */
  readonly seed?: number;
  /** Says how often the rows of a class are drawn, as `quick.classBalance` of a config does; `none` by default. */
  readonly classBalance?: RowSamplerOptions['classBalance'];
  /** Gives the share of the steps in which ARM learns beside the head; 0.05 by default. */
  readonly isolatedFraction?: number;
  /** Gives rows whose labels can be trusted, for reweighters that learn from some. */
  readonly clean?: FeatureRows;
  /** Lists rows whose labels can be trusted, with their share of the objective and of the drawn rows; none by default. */
  readonly trusted?: readonly { readonly rows: FeatureRows; readonly share: number }[];
  /**
   * Keeps a moving average of a new head, for reweighters that read agreement; its options are those of the `teacher` section
   * of a config, with the same defaults. None by default.
   */
  readonly teacher?: Partial<MovingAverageOptions>;
  /** Chooses the type of the activations; `auto`, the default, takes the fastest that the device computes well. */
  readonly precision?: 'auto' | 'float32' | 'bfloat16';
  /** Names the device that computes; `cpu` by default. */
  readonly device?: Device;
  /** Is called after every step with its number, from 1, and a function that reads the objective back. */
  readonly onStep?: (step: number, objective: () => number) => void;
}

/** Separates the draws of clean rows from those of the others. */
const cleanStream = 1;

/**
 * Trains a head on rows of features and returns it in evaluation mode: a new one, which the caller disposes, or `start`.
 * `head.forwardStacked(featuresNCHW).logitsNCHW` then classifies features [N, channels, height, width].
 *
 * @throws {OperationError} when an option is out of range, the reweighter learns from clean rows or reads agreement and there
 *   are none, or a head that is given would need a teacher
 * @throws {ConfigError} when a kind or one of its options is unknown, and when trusted rows leave none to the others
 * @throws {DataError} when no row has a label
 */
export function trainHead(table: FeatureRows, options: TrainHeadOptions = {}): StackableHead {
  return freeOnThrow(() => train(table, options));
}

function train(table: FeatureRows, options: TrainHeadOptions): StackableHead {
  const { steps = 500, pixels = 8192, seed = 0, classBalance = 'none', isolatedFraction = 0.05 } = options;
  const { device = 'cpu', precision = 'auto', clean, trusted = [], onStep } = options;
  expectCounts({ steps, pixels });
  const drawn = new MixedRows(table, {
    seed,
    count: pixels,
    classBalance,
    trusted: trusted.map(({ rows, share }, place) => ({ key: `trusted.${place}.share`, table: rows, share })),
  });
  const cleanSampler = clean && new RowSampler(clean, { seed, count: pixels, stream: cleanStream });
  const highest = [table, ...trusted.map(({ rows }) => rows)].map((rows) =>
    classCounts(rows).findLastIndex((count) => count > 0),
  );
  const classCount = options.classCount ?? 1 + Math.max(...highest);
  using generator = new Generator(seed);
  const head = options.start ?? newHead(table, { ...options, classCount, generator });
  head.to({ device }).train();
  if (options.start === undefined) standardizeHead(head, table, { seed });
  const imageCount = 1 + table.imageIndices.reduce((last, index) => Math.max(last, index), 0);
  const components = createHeadComponents(head, {
    ...options,
    classCount,
    imageCount,
    seed,
    device,
    generator,
  });
  const { optimizer, reweighter, learningRate: base, schedule } = components;
  const learner = reweighter?.cleanData;
  if (learner && components.correction) {
    throw new OperationError(
      'trainHead: correction replaces labels, and the reweighter learns from their losses before each step; leave one out',
    );
  }
  if (learner && !clean) {
    const learning = namedReweighters(options.reweighter ?? null).find(
      ({ component }) => component.learnsFromClean,
    );
    throw new OperationError(
      `trainHead: reweighter ${learning?.section.kind} learns from clean rows; expected the option clean, received none`,
    );
  }
  const teacher = createTeacher(table, { ...options, head, classCount, device, apart: components.apart });
  if (reweighter?.needs?.includes('agreementNHW') && !teacher) {
    throw new OperationError(
      `trainHead: reweighter ${options.reweighter?.kind} reads agreement with a moving average; expected the option teacher, received none`,
    );
  }
  const stepComponents = teacher ? { ...components, teacher: teacher.network } : components;
  const resolved = resolvePrecision(precision, device);
  const how = { device, apart: components.apart, dtype: featureType(reweighter, resolved) };
  for (let step = 0; step < steps; step++) {
    const learningRate = base * schedule(step, steps);
    const batch = {
      onDevice: drawn.batch(step, how),
      clean:
        learner && clean && cleanSampler
          ? { onDevice: pixelBatch(clean, cleanSampler.draw(step), how) }
          : null,
    };
    if (learner && batch.clean) {
      const given = { learner, batch: batch.onDevice, clean: batch.clean.onDevice };
      learnFromClean(components, { ...given, learningRate, generator });
    }
    optimizer.setLearningRate(learningRate);
    const losses = trainStep(stepComponents, batch.onDevice, {
      phase: reweighter?.isolatedStart && step < isolatedFraction * steps ? 'isolated' : 'joint',
      progress: step / steps,
      precision: resolved,
    });
    teacher?.average.update(step);
    onStep?.(step + 1, () => losses.objective.item());
    for (const loss of Object.values(losses)) loss?.dispose();
    disposeBatch(batch);
  }
  components.dispose();
  teacher?.network.dispose();
  head.eval();
  return head;
}

/** Returns a copy of a new head with what averages it; null where the options ask for none. */
function createTeacher(
  table: FeatureRows,
  {
    teacher,
    start,
    head,
    device,
    apart,
    ...shape
  }: Pick<TrainHeadOptions, 'teacher' | 'start' | 'hidden'> & {
    readonly head: StackableHead;
    readonly classCount: number;
    readonly device: Device;
    readonly apart: boolean;
  },
): { readonly network: StackedNetwork; readonly average: MovingAverage } | null {
  if (!teacher) return null;
  if (start) {
    throw new OperationError(
      'trainHead: a teacher is the average of a new head; expected no option start beside teacher',
    );
  }
  using generator = new Generator(0);
  const copy = newHead(table, { ...shape, generator })
    .to({ device })
    .freeze();
  copy.loadStateDict(head.stateDict());
  const { momentum = 0.99, warmUp = true } = teacher;
  const average = new MovingAverage({ average: copy, model: head }, { momentum, warmUp });
  return { network: new StackedNetwork({ head: copy, apart }), average };
}

/** Creates a head on features that are one tap at their own resolution. */
function newHead(
  { channels }: FeatureRows,
  {
    hidden,
    classCount,
    generator,
  }: Pick<TrainHeadOptions, 'hidden'> & { readonly classCount: number; readonly generator: Generator },
): Hypercolumn {
  return new Hypercolumn({
    backbone: { channels: [channels, 0, 0, 0], outputStride: 4 },
    taps: ['stage1'],
    ...(hidden && { hidden }),
    classCount,
    generator,
  });
}

function expectCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (Number.isInteger(count) && count > 0) continue;
    throw new OperationError(`trainHead: expected ${name} of at least 1, received ${count}`);
  }
}
