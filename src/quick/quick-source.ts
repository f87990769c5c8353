/** Gives a run batches of drawn pixels with stored features in place of crops of images, and its head in place of the network. */

import { datasetSection } from '../config/index.js';
import { learnsFromClean, normalizationOf } from '../config/internal.js';
import { openDataset, type SegmentationDataset } from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import type { StackableHead } from '../models/index.js';
import { resolvePrecision } from '../torch/internal.js';
import type { RunBatch, RunBatches, SourcePlace, StepSource } from '../training/index.js';
import type { FeatureTable } from './feature-table.js';
import { featureViews } from './feature-view.js';
import { openFeatureTable } from './open-feature-table.js';
import { disposeBatch, featureType, pixelBatch } from './pixel-batches.js';
import { RowSampler } from './row-sampler.js';
import { spreadSubset } from './spread-subset.js';
import { StackedNetwork } from './stacked-network.js';
import { standardizeHead } from './standardize-head.js';

/** Separates the draws of clean pixels from those of the others. */
const cleanStream = 1;

type Components = SourcePlace['components'];

/** Gives the batches of a config with a `quick` section. */
export const quickSource: StepSource = {
  unit: 'pixels',
  networkOf: ({ model, reweighter }) =>
    new StackedNetwork({
      head: model.head as StackableHead,
      extraHeads: model.extraHeads,
      apart: needsOrigins({ reweighter }),
    }),
  checkShare({ quick }, worldSize) {
    const { pixels } = quickOf({ quick });
    if (pixels % worldSize === 0) return;
    const near = Math.max(1, Math.round(pixels / worldSize)) * worldSize;
    throw new ConfigError(
      `quick.pixels: expected a multiple of ${worldSize}, the number of processes, received ${pixels}; the nearest is ${near}`,
    );
  },
  open: openBatches,
};

async function openBatches(place: SourcePlace): Promise<RunBatches> {
  const { config, components, training, processGroup, onEvent } = place;
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const clean = learnsFromClean(config)
    ? spreadSubset(await openDataset(datasetSection(config.data, 'clean')), config.data.clean?.count ?? null)
    : null;
  const total = training.length + (clean?.length ?? 0);
  const tables: FeatureTable[] = [];
  const open = async (dataset: SegmentationDataset, before: number) => {
    const table = await openTable(dataset, place, {
      part: before === 0 ? 'train' : 'clean',
      onProgress: (done) => onEvent({ type: 'features', done: before + done, total, seconds: seconds() }),
    });
    tables.push(table);
    return table;
  };
  try {
    const table = await open(training, 0);
    const cleanTable = clean && (await open(clean, training.length));
    // A network that the head starts from has learned with statistics of its own.
    if (place.startsAnew && config.model.weights === null)
      standardizeHead(components.model.head as StackableHead, table, config);
    const { pixels: count, classBalance } = quickOf(config);
    const common = { seed: config.seed, count, classBalance, ...(processGroup && { share: processGroup }) };
    const sampler = new RowSampler(table, common);
    const cleanSampler = cleanTable && new RowSampler(cleanTable, { ...common, stream: cleanStream });
    const how = {
      device: config.device,
      apart: needsOrigins(components),
      dtype: featureType(components.reweighter, resolvePrecision(config.precision, config.device)),
    };
    return {
      preparationSeconds: seconds(),
      next: async (step): Promise<RunBatch> => {
        const rows = sampler.draw(step);
        const batch = {
          onDevice: pixelBatch(table, rows, how),
          clean: cleanTable &&
            cleanSampler && { onDevice: pixelBatch(cleanTable, cleanSampler.draw(step), how) },
        };
        return {
          ...batch,
          names: [`${count} pixels`],
          count: rows.length,
          release: () => disposeBatch(batch),
        };
      },
      close: async () => {
        for (const opened of tables) opened[Symbol.dispose]();
      },
    };
  } catch (error) {
    for (const opened of tables) opened[Symbol.dispose]();
    throw error;
  }
}

function openTable(
  dataset: SegmentationDataset,
  { config, components, processGroup, onEvent }: SourcePlace,
  { part, onProgress }: { readonly part: 'train' | 'clean'; readonly onProgress: (done: number) => void },
): Promise<FeatureTable> {
  const { scales, flip, memoryMiB, diskMiB } = quickOf(config);
  const { taps, patchSize } = components.model.head as StackableHead;
  return openFeatureTable({
    backbone: components.model.backbone,
    dataset,
    normalization: normalizationOf(config.data),
    taps,
    views: featureViews({ scales, flip }),
    baseSize: config.inference.baseSize,
    device: config.device,
    precision: config.precision,
    kernels: config.kernels,
    description: { ...config.model.backbone, weights: null },
    section: datasetSection(config.data, part),
    patchSize,
    // Clean labels are trusted, and stay where they are.
    deformation: part === 'train' ? config.data.augmentation.labelDeformation : null,
    seed: config.seed,
    memoryMiB,
    diskMiB,
    ...(processGroup && { processGroup }),
    onProgress: ({ done }) => onProgress(done),
    onNotice: (message) => onEvent({ type: 'notice', message }),
  });
}

/** Tells whether a reweighter reads where each pixel lies. */
function needsOrigins({ reweighter }: Pick<Components, 'reweighter'>): boolean {
  return reweighter?.needs?.includes('origins') ?? false;
}

function quickOf({
  quick,
}: Pick<SourcePlace['config'], 'quick'>): NonNullable<SourcePlace['config']['quick']> {
  if (quick === null)
    throw new ConfigError('quick: expected a section with the options of quick training, received null');
  return quick;
}
