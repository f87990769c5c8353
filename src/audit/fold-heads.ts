/**
 * Trains a head for each fold of a dataset on the rows of the images of the other folds, and lets the heads classify the rows
 * of their own fold, as a sample of what the audit will see.
 */

import { setImmediate } from 'node:timers/promises';
import type { Config } from '../config/index.js';
import { normalizationOf } from '../config/internal.js';
import { ignoreIndex, type SegmentationDataset } from '../data/index.js';
import type { StackableHead } from '../models/index.js';
import { type FeatureTable, featureViews, openFeatureTable, selectRows } from '../quick/index.js';
import { type HeadTrainer, headLikelihoods } from '../quick/internal.js';
import type { ComponentSection } from '../registry/index.js';
import { tidy } from '../torch/index.js';
import { assignFolds, type Folds } from './folds.js';
import { KnowledgeTally } from './knowledge.js';
import { type Learned, readHead, readLearned, writeHead, writeLearned } from './learned.js';
import { type AuditEvent, Pace } from './predictions.js';
import { WeightTally } from './weight-curve.js';

/** Configures `learnFoldHeads`. */
export interface FoldHeadsOptions {
  readonly trainer: HeadTrainer;
  readonly section: ComponentSection;
  readonly files: SegmentationDataset;
  readonly folds: number;
  /** Counts the heads of each fold, whose likelihoods are averaged. */
  readonly seeds: number;
  /** Names the folder that keeps what was learned; null keeps nothing. */
  readonly folder: string | null;
  readonly onEvent: (event: AuditEvent) => void;
  /** Is asked before each training; true ends them. */
  readonly shouldStop: () => boolean;
}

/** Holds the heads of all folds, which it owns. */
export class FoldHeads implements Disposable {
  readonly folds: Folds;
  /** Holds the heads of each fold, which did not learn from its images. */
  readonly heads: StackableHead[][];

  constructor(folds: Folds) {
    this.folds = folds;
    this.heads = Array.from({ length: folds.count }, () => []);
  }

  /** Returns the mean likelihoods [points, classes] by the heads of some folds. */
  likelihoods(folds: readonly number[], classify: (head: StackableHead) => Float32Array): Float32Array {
    const all = folds.flatMap((fold) => this.heads[fold] ?? []);
    const [first, ...others] = all.map(classify);
    if (first === undefined) throw new RangeError('likelihoods of no head');
    for (const other of others)
      for (const [place, likelihood] of other.entries()) first[place] = (first[place] as number) + likelihood;
    return others.length === 0 ? first : first.map((sum) => sum / all.length);
  }

  [Symbol.dispose](): void {
    for (const own of this.heads.splice(0)) for (const head of own) head.dispose();
  }
}

/** Limits the rows that are classified at once. */
const rowsAtOnce = 16_384;

/**
 * Trains the heads that were not kept before; null when `shouldStop` ended the trainings. The caller disposes the heads.
 *
 * @throws {DataError} naming the file when an image cannot be used, and when no image has a label
 */
export async function learnFoldHeads(
  config: Config,
  options: FoldHeadsOptions,
): Promise<{ readonly heads: FoldHeads; readonly learned: Learned } | null> {
  const { files, folder } = options;
  const names = Array.from({ length: files.length }, (_, index) => files.name(index));
  const heads = new FoldHeads(assignFolds(names, options));
  try {
    const missing = readHeads(config, { ...options, heads });
    const kept = folder === null ? null : readLearned(folder);
    if (missing.length === 0 && kept !== null) return { heads, learned: kept };
    using table = options.shouldStop() ? null : await openTable(config, options);
    if (table === null || !(await trainMissing(missing, { ...options, config, heads, table }))) {
      heads[Symbol.dispose]();
      return null;
    }
    const learned = sampleRows(table, { heads, classCount: files.classes.length });
    if (folder !== null) writeLearned(folder, learned);
    return { heads, learned };
  } catch (error) {
    heads[Symbol.dispose]();
    throw error;
  }
}

interface HeadKey {
  readonly fold: number;
  /** Is the place among the heads of the fold. */
  readonly place: number;
}

/** Reads the heads that were kept, and returns which were not. */
function readHeads(
  config: Config,
  { trainer, seeds, folder, heads }: FoldHeadsOptions & { readonly heads: FoldHeads },
): HeadKey[] {
  const missing: HeadKey[] = [];
  for (const [fold, own] of heads.heads.entries()) {
    for (let place = 0; place < seeds; place++) {
      const head = trainer.create(config.seed + place);
      own.push(head);
      if (folder === null || !readHead(folder, { name: nameOf({ fold, place }), head }))
        missing.push({ fold, place });
    }
  }
  return missing;
}

function nameOf({ fold, place }: HeadKey): string {
  return `head-${fold}-${place}`;
}

function openTable(
  config: Config,
  { trainer, files, section, onEvent }: FoldHeadsOptions,
): Promise<FeatureTable> {
  const { scales, flip, memoryMiB, diskMiB } = config.quick as NonNullable<Config['quick']>;
  return openFeatureTable({
    backbone: trainer.backbone,
    ...trainer.reading,
    ...{ section, diskMiB, memoryMiB },
    dataset: files,
    normalization: normalizationOf(config.data),
    views: featureViews({ scales, flip }),
    deformation: config.data.augmentation.labelDeformation,
    baseSize: config.inference.baseSize,
    device: config.device,
    precision: config.precision,
    kernels: config.kernels,
    description: { ...config.model.backbone, weights: null },
    seed: config.seed,
    onProgress: ({ done, total }) => onEvent({ type: 'features', done, total }),
    onNotice: (message) => onEvent({ type: 'notice', message }),
  });
}

/** Trains heads one after the other, and tells whether all were. */
async function trainMissing(
  missing: readonly HeadKey[],
  {
    config,
    trainer,
    heads,
    table,
    folder,
    onEvent,
    shouldStop,
  }: FoldHeadsOptions & {
    readonly config: Config;
    readonly heads: FoldHeads;
    readonly table: FeatureTable;
  },
): Promise<boolean> {
  const pace = new Pace(missing.length);
  for (const [done, key] of missing.entries()) {
    // Lets signals and other work come in between two trainings.
    await setImmediate();
    if (shouldStop()) return false;
    const { fold, place } = key;
    const rows = selectRows(
      table,
      rowsOf(table, (image) => heads.folds.learnsFrom(fold, image)),
    );
    const head = trainer.train({ rows, seed: config.seed + place });
    const own = heads.heads[fold] as StackableHead[];
    own[place]?.dispose();
    own[place] = head;
    if (folder !== null) writeHead(folder, { name: nameOf(key), head });
    onEvent({ type: 'head', ...pace.after(done + 1) });
  }
  return true;
}

/** Lets the heads of each fold classify its rows. */
function sampleRows(
  table: FeatureTable,
  { heads, classCount }: { readonly heads: FoldHeads; readonly classCount: number },
): Learned {
  const knowledge = new KnowledgeTally(classCount);
  const weights = new WeightTally(classCount);
  const folds = heads.heads.length;
  const learnedBy = new Float64Array(folds * classCount);
  for (const [row, image] of table.imageIndices.entries()) {
    const label = table.labels[row] as number;
    if (label === ignoreIndex) continue;
    for (let fold = 0; fold < folds; fold++)
      if (heads.folds.learnsFrom(fold, image)) learnedBy[fold * classCount + label] = 1;
  }
  for (let fold = 0; fold < folds; fold++) {
    const own = rowsOf(table, (image) => heads.folds.foldOf[image] === fold);
    for (let first = 0; first < own.length; first += rowsAtOnce) {
      const rows = own.subarray(first, first + rowsAtOnce);
      const likelihoods = heads.likelihoods([fold], (head) =>
        tidy(() =>
          headLikelihoods(
            head,
            table.batch(rows).permute([0, 2, 3, 1]).reshape([rows.length, table.channels]),
          ),
        ),
      );
      const labels = Uint8Array.from(rows, (row) => {
        const label = table.labels[row] as number;
        return learnedBy[fold * classCount + label] === 1 ? label : ignoreIndex;
      });
      const multiplicities = Float32Array.from(rows, (row) => table.multiplicities[row] as number);
      knowledge.add({ labels, likelihoods, multiplicities });
      weights.add({ labels, likelihoods, multiplicities });
    }
  }
  return { knowledge: knowledge.knowledge, curve: weights.curve, learnedBy };
}

function rowsOf({ imageIndices }: FeatureTable, isWanted: (image: number) => boolean): Uint32Array {
  const rows: number[] = [];
  for (const [row, image] of imageIndices.entries()) if (isWanted(image)) rows.push(row);
  return Uint32Array.from(rows);
}
