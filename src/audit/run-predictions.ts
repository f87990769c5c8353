/** Predicts every image by the network of a run, which may have learned from the very labels that are audited. */

import { setImmediate } from 'node:timers/promises';
import { alignClasses, type SegmentationDataset } from '../data/index.js';
import type { LoadedRun } from '../evaluation/index.js';
import { predictedClasses } from '../evaluation/internal.js';
import type { ComponentSection } from '../registry/index.js';
import { openEvidence } from '../suggest/internal.js';
import { setThreads } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import { auditGrid } from './audit-grid.js';
import { withoutUnjudged } from './judged-labels.js';
import { KnowledgeTally } from './knowledge.js';
import { type Learned, readLearned, writeLearned } from './learned.js';
import { type AuditEvent, type AuditPredictions, Pace } from './predictions.js';
import { WeightTally, weightsOf } from './weight-curve.js';

/** Configures `openRunPredictions`. */
export interface RunPredictionsOptions {
  readonly section: ComponentSection;
  readonly files: SegmentationDataset;
  /** Names the folder that keeps what was learned; null keeps nothing. */
  readonly folder: string | null;
  readonly onEvent: (event: AuditEvent) => void;
  /** Is asked before each image of the sample; true ends it. */
  readonly shouldStop: () => boolean;
}

/** Counts the images of the sample, which are spread over the dataset. */
const sampledImages = 64;

/**
 * Opens the predictions of a loaded run, which must live as long; the caller disposes the result. It is null when `shouldStop`
 * ended the sample.
 *
 * @throws {ConfigError} when the dataset has other classes than the network
 * @throws {DataError} naming the file when an image cannot be used
 */
export async function openRunPredictions(
  run: LoadedRun,
  options: RunPredictionsOptions,
): Promise<AuditPredictions | null> {
  const { files, folder, onEvent } = options;
  setThreads(resolveThreads(run.config.threads));
  const onNotice = (message: string) => onEvent({ type: 'notice', message });
  const dataset = alignClasses(files, { network: predictedClasses(run), onNotice });
  const source = await openEvidence(run, {
    ...{ dataset, files, gridOf: auditGrid, onNotice },
    needsFeatures: false,
  });
  const dispose = () => source[Symbol.dispose]();
  const { classes } = dataset;
  const classCount = classes.length;
  const predict = async (index: number) => {
    const { grid, likelihoods, labels } = await source.read(index);
    return { grid, likelihoods, labels };
  };
  try {
    const learned = (folder === null ? null : readLearned(folder)) ?? (await sample());
    if (learned === null) {
      dispose();
      return null;
    }
    if (folder !== null) writeLearned(folder, learned);
    return {
      ...{ files, classes, knowledge: learned.knowledge },
      assumptions: [assumptionOf(run, options)],
      async read(index) {
        const { image, labels, width, height } = await dataset.read(index);
        const { grid, likelihoods } = await predict(index);
        return {
          ...{ image, width, height, grid, classCount, likelihoods, knowledge: learned.knowledge },
          inSample: null,
          weights: weightsOf(learned.curve, { likelihoods, classCount }),
          ...withoutUnjudged(labels, { size: { width, height }, isKnown: () => true }),
        };
      },
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }

  async function sample(): Promise<Learned | null> {
    const knowledge = new KnowledgeTally(classCount);
    const weights = new WeightTally(classCount);
    const count = Math.min(sampledImages, files.length);
    const pace = new Pace(count);
    for (let place = 0; place < count; place++) {
      await setImmediate();
      if (options.shouldStop()) return null;
      const { likelihoods, labels, grid } = await predict(Math.floor((place * files.length) / count));
      const each = (grid.width * grid.height) / labels.length;
      const multiplicities = new Float32Array(labels.length).fill(each);
      knowledge.add({ labels, likelihoods, multiplicities });
      weights.add({ labels, likelihoods, multiplicities });
      onEvent({ type: 'sample', ...pace.after(place + 1) });
    }
    return { knowledge: knowledge.knowledge, curve: weights.curve, learnedBy: new Float64Array(0) };
  }
}

/** Says whether the network learned from what is audited. */
function assumptionOf(
  { folder, config }: LoadedRun,
  { section }: Pick<RunPredictionsOptions, 'section'>,
): string {
  const { train } = config.data;
  const splits = (text: unknown) => String(text).split('+');
  const shared = splits(section.split).filter((split) => splits(train.split).includes(split));
  const isSame = section.root === config.data.root && section.labels === train.labels;
  if (isSame && shared.length > 0) {
    return (
      `Every image is judged by the network of ${folder}, which learned from the ${train.labels} labels of ${shared.join('+')} ` +
      'themselves: it repeats some of their mistakes, so that fewer are found. Without --run, heads that did not learn from an image judge it.'
    );
  }
  return `Every image is judged by the network of ${folder}, which learned from the ${train.labels} labels of ${train.split} in ${config.data.root}.`;
}
