/**
 * Holds the features that all heads of a plan learn from and are scored on: opened once, so that each subset of images or
 * pixels is a choice of rows.
 */

import type { Config } from '../config/index.js';
import { normalizationOf } from '../config/internal.js';
import { ignoreIndex, RandomStream } from '../data/index.js';
import type { Backbone, StackableHead } from '../models/index.js';
import {
  type FeatureProgress,
  type FeatureRows,
  type FeatureTable,
  featureViews,
  openFeatureTable,
  selectRows,
} from '../quick/index.js';
import type { LabelSource, LabelSources } from './label-sources.js';

/** Names the tables of a plan. */
export type TableName = 'training' | 'fine' | 'evaluation';

/** Configures `openCurveTables`. */
export interface CurveTablesOptions {
  readonly config: Config;
  readonly backbone: Backbone;
  readonly head: Pick<StackableHead, 'taps' | 'patchSize'>;
  readonly onProgress: (name: TableName, progress: FeatureProgress) => void;
  readonly onNotice: (notice: string) => void;
}

/** Gives rows of features for subsets that grow: each seed has an order of its own, and a larger subset holds the smaller. */
export class CurveTables implements Disposable {
  readonly #sources: LabelSources;
  readonly #training: FeatureTable;
  readonly #fine: FeatureTable | null;
  /** Holds the rows of the images that score, each with the pixels that it stands for. */
  readonly evaluation: Pick<FeatureTable, 'batch' | 'labels' | 'multiplicities' | 'length'>;
  readonly #evaluationTable: FeatureTable;
  /** Lists for each fine image the rows that can be points. */
  readonly #pointRows: ReadonlyMap<number, Uint32Array>;

  /** @internal `openCurveTables` makes it. */
  constructor(parts: {
    readonly sources: LabelSources;
    readonly training: FeatureTable;
    readonly fine: FeatureTable | null;
    readonly evaluation: FeatureTable;
    readonly pointRows: ReadonlyMap<number, Uint32Array>;
  }) {
    const { sources, training, fine, evaluation, pointRows } = parts;
    this.#sources = sources;
    this.#training = training;
    this.#fine = fine;
    this.#evaluationTable = evaluation;
    this.#pointRows = pointRows;
    const rows = rowsOfImages(evaluation, sources.evaluation.images);
    this.evaluation = {
      ...selectRows(evaluation, rows),
      multiplicities: Float32Array.from(rows, (row) => evaluation.multiplicities[row] as number),
    };
  }

  /** Returns the number of points that nine in ten images have room for; 0 without fine labels. */
  get mostPoints(): number {
    const counts = [...this.#pointRows.values()].map(({ length }) => length).toSorted((a, b) => a - b);
    return counts[Math.floor(counts.length / 10)] ?? 0;
  }

  /** Returns the rows of a number of training images with their own labels. */
  trainingImages(count: number, seed: number): FeatureRows {
    return this.#images(this.#training, { source: this.#sources.training, count, seed });
  }

  /** Returns the rows of a number of images with fine labels. */
  fineImages(count: number, seed: number): FeatureRows {
    const { fine } = this.#sources;
    if (this.#fine === null || fine === null) throw new Error('the plan has no fine labels');
    return this.#images(this.#fine, { source: fine, count, seed });
  }

  /** Returns rows that are points, this many in each image with fine labels. */
  points(perImage: number, seed: number): FeatureRows {
    if (this.#fine === null) throw new Error('the plan has no fine labels');
    const chosen = [...this.#pointRows].flatMap(([image, rows]) =>
      Array.from(shuffled(rows, { seed, stream: [pointPurpose, image] }).subarray(0, perImage)),
    );
    return selectRows(this.#fine, Uint32Array.from(chosen));
  }

  #images(
    table: FeatureTable,
    { source, count, seed }: { readonly source: LabelSource; readonly count: number; readonly seed: number },
  ): FeatureRows {
    const order = shuffled(Uint32Array.from(source.images), { seed, stream: [imagePurpose, 0] });
    return selectRows(table, rowsOfImages(table, order.subarray(0, count)));
  }

  [Symbol.dispose](): void {
    for (const table of [this.#training, this.#fine, this.#evaluationTable]) table?.[Symbol.dispose]();
  }
}

/** Separates the orders of images and of pixels from other draws of the same seed. */
const imagePurpose = 0x696d6773;
const pointPurpose = 0x706f696e;
/** Is the part of `quick.memoryMiB` that the images that score take beside it. */
const evaluationMemory = 0.25;

/**
 * Computes or reads the features of all images of a plan; the caller disposes them.
 *
 * @throws {DataError} naming the file when an image cannot be read
 */
export async function openCurveTables(
  sources: LabelSources,
  options: CurveTablesOptions,
): Promise<CurveTables> {
  const opened: FeatureTable[] = [];
  const open = async (name: TableName, source: LabelSource, memory: number) => {
    const table = await openTable(name, source, { ...options, memory });
    opened.push(table);
    return table;
  };
  try {
    const training = await open('training', sources.training, 1);
    const fine = sources.fine && (await open('fine', sources.fine, 1));
    const evaluation = await open('evaluation', sources.evaluation, evaluationMemory);
    const pointRows = fine === null ? new Map<number, Uint32Array>() : await findPointRows(fine, sources);
    return new CurveTables({ sources, training, fine, evaluation, pointRows });
  } catch (error) {
    for (const table of opened) table[Symbol.dispose]();
    throw error;
  }
}

function openTable(
  name: TableName,
  { dataset, section }: LabelSource,
  { config, backbone, head, onProgress, onNotice, memory }: CurveTablesOptions & { readonly memory: number },
): Promise<FeatureTable> {
  const quick = config.quick as NonNullable<Config['quick']>;
  const { scales, flip, memoryMiB, diskMiB } = quick;
  return openFeatureTable({
    ...{ backbone, dataset, section, diskMiB, onNotice },
    taps: head.taps,
    patchSize: head.patchSize,
    normalization: normalizationOf(config.data),
    // An image is scored as inference shows it.
    ...(name !== 'evaluation' && { views: featureViews({ scales, flip }) }),
    // Fine labels stay where they are.
    deformation: name === 'training' ? config.data.augmentation.labelDeformation : null,
    baseSize: config.inference.baseSize,
    device: config.device,
    precision: config.precision,
    kernels: config.kernels,
    description: { ...config.model.backbone, weights: null },
    seed: config.seed,
    memoryMiB: Math.max(1, Math.floor(memory * memoryMiB)),
    onProgress: (progress) => onProgress(name, progress),
  });
}

/**
 * Lists for each image the rows that can be points: those that no coarse label covers where the image has coarse labels,
 * as nothing is known there, and else all of them.
 */
async function findPointRows(
  table: FeatureTable,
  { fine, fineOfTraining, training }: LabelSources,
): Promise<ReadonlyMap<number, Uint32Array>> {
  const { imageIndices, places } = table;
  const rows = new Map((fine?.images ?? []).map((image) => [image, [] as number[]]));
  for (const [row, image] of imageIndices.entries()) rows.get(image)?.push(row);
  const coarseIndex = new Map(training.images.map((index) => [training.dataset.name(index), index]));
  const found = new Map<number, Uint32Array>();
  for (const [image, all] of rows) {
    const coarse = fineOfTraining ? coarseIndex.get(fine?.dataset.name(image) ?? '') : undefined;
    const labels = coarse === undefined ? null : await labelsOf(training, coarse);
    const uncovered = all.filter((row) => {
      if (labels === null) return true;
      const x = Math.floor((places[2 * row] as number) * labels.width);
      const y = Math.floor((places[2 * row + 1] as number) * labels.height);
      return labels.labels[y * labels.width + x] === ignoreIndex;
    });
    found.set(image, Uint32Array.from(uncovered.length > 0 ? uncovered : all));
  }
  return found;
}

async function labelsOf({ dataset }: LabelSource, index: number) {
  const read = await dataset.readLabels?.(index);
  if (read) return read;
  const { labels, width, height } = await dataset.read(index);
  return labels && { labels, width, height };
}

/** Returns the rows of these images, in the order of the table. */
function rowsOfImages({ imageIndices }: FeatureTable, images: Iterable<number>): Uint32Array {
  const wanted = new Set(images);
  const rows: number[] = [];
  for (const [row, image] of imageIndices.entries()) if (wanted.has(image)) rows.push(row);
  return Uint32Array.from(rows);
}

/** Returns the values in an order that a seed gives (Fisher and Yates). */
function shuffled(
  values: Uint32Array,
  { seed, stream }: { readonly seed: number; readonly stream: readonly [number, number] },
): Uint32Array {
  const order = values.slice();
  const random = new RandomStream(seed, stream);
  for (let last = order.length - 1; last > 0; last--) {
    const place = random.integer(last + 1);
    [order[last], order[place]] = [order[place] as number, order[last] as number];
  }
  return order;
}
