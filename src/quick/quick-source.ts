/** Gives a run batches of drawn pixels with stored features in place of crops of images, and its head in place of the network. */

import { datasetSection } from '../config/index.js';
import { learnsFromClean, mixesClean, normalizationOf } from '../config/internal.js';
import {
  openDataset,
  type PointLabels,
  pointDataset,
  type SegmentationDataset,
  withoutPoints,
} from '../data/index.js';
import { ConfigError } from '../errors/index.js';
import { regionLosses } from '../losses/index.js';
import type { StackableHead } from '../models/index.js';
import type { ComponentSection } from '../registry/index.js';
import { resolvePrecision } from '../torch/internal.js';
import type { RunBatch, RunBatches, SourcePlace, StepSource } from '../training/index.js';
import { anyNeeds } from '../training/internal.js';
import { contentHash } from './content-hashes.js';
import { featureViews } from './feature-view.js';
import { labelsToLearn } from './labels-to-learn.js';
import { type FeatureTableOptions, openFeatureTable } from './open-feature-table.js';
import { openPatchTable, type PatchTable } from './patch-table.js';
import { disposeBatch, featureType, pixelBatch } from './pixel-batches.js';
import { RowSampler } from './row-sampler.js';
import { spreadSubset } from './spread-subset.js';
import { StackedNetwork } from './stacked-network.js';
import { standardizeHead } from './standardize-head.js';
import { MixedRows } from './trusted-rows.js';

/** Separates the draws of clean pixels from those of the others. */
const cleanStream = 1;

/** Stands for the kind of a dataset where what labels depend on are points. */
const pointsKind = 'points';

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
  checkShare({ quick, regionLosses: sections }, worldSize) {
    const { pixels, patches } = quickOf({ quick });
    expectMultiple('quick.pixels', { count: pixels, worldSize });
    if (needsPatches(sections)) expectMultiple('quick.patches.count', { count: patches.count, worldSize });
  },
  open: openBatches,
};

function expectMultiple(
  key: string,
  { count, worldSize }: { readonly count: number; readonly worldSize: number },
): void {
  if (count % worldSize === 0) return;
  const near = Math.max(1, Math.round(count / worldSize)) * worldSize;
  throw new ConfigError(
    `${key}: expected a multiple of ${worldSize}, the number of processes, received ${count}; the nearest is ${near}`,
  );
}

/** Tells whether a loss of a config reads patches beside the drawn pixels. */
function needsPatches(sections: SourcePlace['config']['regionLosses']): boolean {
  return anyNeeds(
    sections.map(({ kind }) => regionLosses.get(kind)),
    'layout',
  );
}

async function openBatches(place: SourcePlace): Promise<RunBatches> {
  const { config, components, training, processGroup, onEvent } = place;
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const { clean, points, heldOut } = await openTrusted(place);
  const withPatches = needsPatches(config.regionLosses);
  const parts = [training, clean?.images, points?.images, heldOut?.images, withPatches ? training : null];
  const total = parts.reduce((sum, dataset) => sum + (dataset?.length ?? 0), 0);
  const tables: Disposable[] = [];
  const progressAfter = (before: number) => (done: number) =>
    onEvent({ type: 'features', done: before + done, total, seconds: seconds() });
  let before = 0;
  const open = async (part: TablePart) => {
    const start = before;
    before += part.images.length;
    const table = await openFeatureTable({
      dataset: part.images,
      ...tableOptions(part, place, { onProgress: progressAfter(start) }),
    });
    tables.push(table);
    return table;
  };
  try {
    const trainPart = trainingPart(place);
    const table = await open(trainPart);
    const cleanTable = clean && (await open(clean));
    const pointTable = points && (await open(points));
    const heldOutTable = heldOut && (await open(heldOut));
    // A network that the head starts from has learned with statistics of its own.
    if (place.startsAnew && config.model.weights === null)
      standardizeHead(components.model.head as StackableHead, table, config);
    const { pixels: count, classBalance } = quickOf(config);
    const patchTable = withPatches
      ? await openPatches(trainPart, place, { onProgress: progressAfter(total - training.length) })
      : null;
    if (patchTable) tables.push(patchTable);
    const { count: patchCount } = quickOf(config).patches;
    const common = { seed: config.seed, count, classBalance, ...(processGroup && { share: processGroup }) };
    const cleanShare = config.data.clean?.share ?? 0;
    const rows = new MixedRows(table, {
      ...common,
      labels: await labelsToLearn(table, {
        dataset: trainPart.images,
        regionLosses: components.regionLosses,
      }),
      trusted: [
        ...(pointTable && config.data.points
          ? [{ key: 'data.points.share', table: pointTable, share: config.data.points.share }]
          : []),
        ...(cleanTable && cleanShare > 0
          ? [{ key: 'data.clean.share', table: cleanTable, share: cleanShare }]
          : []),
      ],
    });
    const cleanSampler =
      cleanTable && learnsFromClean(config)
        ? new RowSampler(cleanTable, { ...common, stream: cleanStream })
        : null;
    const how = {
      device: config.device,
      apart: needsOrigins(components),
      dtype: featureType(components.reweighter, resolvePrecision(config.precision, config.device)),
    };
    const ownCount = count / (processGroup?.worldSize ?? 1);
    return {
      preparationSeconds: seconds(),
      next: async (step): Promise<RunBatch> => {
        const drawn = patchTable?.draw(step, { ...common, count: patchCount });
        const patches = drawn && patchTable?.batch(drawn, how);
        const batch = {
          onDevice: { ...rows.batch(step, how), ...(patches && { patches }) },
          clean: cleanTable &&
            cleanSampler && { onDevice: pixelBatch(cleanTable, cleanSampler.draw(step), how) },
        };
        return {
          ...batch,
          names: [`${count} pixels`],
          count: ownCount,
          release: () => disposeBatch(batch),
        };
      },
      heldOut: () =>
        heldOutTable && pixelBatch(heldOutTable, Uint32Array.from(heldOutTable.labels.keys()), how),
      close: async () => {
        for (const opened of tables) opened[Symbol.dispose]();
      },
    };
  } catch (error) {
    for (const opened of tables) opened[Symbol.dispose]();
    throw error;
  }
}

/** Describes images whose features are wanted. */
interface TablePart {
  readonly images: SegmentationDataset;
  /** Is the dataset in whose folder of kept features theirs are. */
  readonly keptWith: SegmentationDataset;
  /** Says what the labels of the images depend on. */
  readonly section: ComponentSection;
  readonly isTrusted: boolean;
}

/** Returns the images that train; a pixel with a point has no other label. */
function trainingPart({ config, training, points }: SourcePlace): TablePart {
  const section = datasetSection(config.data, 'train');
  const common = { keptWith: training, isTrusted: false };
  if (points === null) return { ...common, images: training, section };
  const places = [...points].map(([index, { pixels }]) => `${index}: ${pixels}`);
  const images = withoutPoints(training, points);
  return { ...common, images, section: { ...section, without: contentHash(...places) } };
}

/** Holds the images whose labels are trusted; null where the config names none. */
interface TrustedTables {
  readonly clean: TablePart | null;
  readonly points: TablePart | null;
  /** Holds images with points that are scored and not learned from. */
  readonly heldOut: TablePart | null;
}

/** Opens the images with clean labels and those with points, where the config names some. */
async function openTrusted({ config, training, points, heldOut }: SourcePlace): Promise<TrustedTables> {
  const { data } = config;
  let clean: TablePart | null = null;
  if (learnsFromClean(config) || mixesClean(config)) {
    const section = datasetSection(data, 'clean');
    const whole = await openDataset(section);
    const images = spreadSubset(whole, data.clean?.count ?? null);
    clean = { images, keptWith: whole, section, isTrusted: true };
  }
  if (data.points === null) return { clean, points: null, heldOut: null };
  const { share: _, ...place } = data.points;
  const section = { ...place, root: data.root, kind: pointsKind };
  const part = (labels: PointLabels | null): TablePart | null =>
    labels && { images: pointDataset(training, labels), keptWith: training, section, isTrusted: true };
  return { clean, points: part(points), heldOut: part(heldOut) };
}

function openPatches(
  part: TablePart,
  place: SourcePlace,
  options: { readonly onProgress: (done: number) => void },
): Promise<PatchTable> {
  const { size, pool } = quickOf(place.config).patches;
  const { patchSize } = place.components.model.head as StackableHead;
  const margin = (patchSize - 1) / 2;
  return openPatchTable({
    ...{ dataset: part.images, size, pool, margin },
    ...tableOptions(part, place, options),
  });
}

function tableOptions(
  { keptWith, section, isTrusted }: TablePart,
  { config, components, processGroup, onEvent }: SourcePlace,
  { onProgress }: { readonly onProgress: (done: number) => void },
): Omit<FeatureTableOptions, 'dataset'> {
  const { scales, flip, memoryMiB, diskMiB } = quickOf(config);
  const { taps, patchSize } = components.model.head as StackableHead;
  return {
    backbone: components.model.backbone,
    keptWith,
    section,
    normalization: normalizationOf(config.data),
    taps,
    views: featureViews({ scales, flip }),
    baseSize: config.inference.baseSize,
    device: config.device,
    precision: config.precision,
    kernels: config.kernels,
    description: { ...config.model.backbone, weights: null },
    patchSize,
    // Trusted labels stay where they are.
    deformation: isTrusted ? null : config.data.augmentation.labelDeformation,
    seed: config.seed,
    memoryMiB,
    diskMiB,
    ...(processGroup && { processGroup }),
    onProgress: ({ done }) => onProgress(done),
    // How many pixels of an image fit into memory says nothing where single ones are labeled.
    onNotice: (message) => (section.kind === pointsKind ? undefined : onEvent({ type: 'notice', message })),
  };
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
