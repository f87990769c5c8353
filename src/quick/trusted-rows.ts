/** Draws the rows of a step from several tables: labels that train, and trusted ones that have a share of the pixels. */

import type { QuickSection } from '../config/internal.js';
import { ignoreIndex, type Share } from '../data/index.js';
import { wholeShare } from '../data/internal.js';
import { ConfigError } from '../errors/index.js';
import type { SampleOrigin } from '../reweighting/index.js';
import { cat, scope, type Tensor } from '../torch/index.js';
import type { StepBatch } from '../training/index.js';
import { trustedCount } from '../training/internal.js';
import type { FeatureRows } from './feature-rows.js';
import { type PixelBatchOptions, pixelBatch } from './pixel-batches.js';
import { RowSampler } from './row-sampler.js';

/** Holds rows whose labels can be trusted. */
interface TrustedRows {
  /** Names the key of the share in messages. */
  readonly key: string;
  readonly table: FeatureRows;
  /** Gives the share of the objective and of the drawn rows. */
  readonly share: number;
}

/** Configures `MixedRows`. */
export interface MixedRowsOptions {
  readonly seed: number;
  /** Counts the rows of a batch over all processes. */
  readonly count: number;
  readonly classBalance?: QuickSection['classBalance'];
  readonly share?: Share;
  /** Holds the class of each row that trains, 255 for those that are left out; the labels of the table by default. */
  readonly labels?: Uint8Array;
  /** Lists trusted rows; none by default. */
  readonly trusted?: readonly TrustedRows[];
}

/** Separates the draws of trusted rows from those of the others, and of clean ones that reweighters learn from. */
const firstTrustedStream = 2;

/** Returns how many of the rows of a batch are of trusted labels, over all processes. */
function trustedRowCount(
  { key, share }: Pick<TrustedRows, 'key' | 'share'>,
  { whole, parts }: { readonly whole: number; readonly parts: number },
): number {
  return trustedCount({ key, share, whole, parts, unit: { name: 'pixels', key: 'quick.pixels' } });
}

interface RowPart {
  readonly table: FeatureRows;
  readonly sampler: RowSampler;
  /** Is null for the labels that train. */
  readonly share: number | null;
}

/** Draws batches of rows as a function of seed and step. */
export class MixedRows {
  readonly #parts: readonly RowPart[];

  /**
   * @throws {DataError} when no row of a table has a label
   * @throws {ConfigError} when trusted rows leave none to the others
   */
  constructor(
    table: FeatureRows,
    { count, labels = table.labels, trusted = [], ...common }: MixedRowsOptions,
  ) {
    const { worldSize: parts } = common.share ?? wholeShare;
    let left = count;
    const samplers = trusted.map((rows, place) => {
      const own = trustedRowCount(rows, { whole: count, parts });
      left -= own;
      const { key, table: source, share } = rows;
      if (left < parts) {
        throw new ConfigError(
          `${key}: ${share} leaves none of the ${count} pixels of a batch to the labels that train`,
        );
      }
      const stream = firstTrustedStream + place;
      return { table: source, share, sampler: new RowSampler(source, { ...common, count: own, stream }) };
    });
    this.#parts = [
      { table, share: null, sampler: new RowSampler({ labels }, { ...common, count: left }) },
      ...samplers,
    ];
  }

  /** Returns this process's part of the batch of a step; the caller disposes its tensors. */
  batch(step: number, how: PixelBatchOptions): StepBatch {
    if (this.#parts.length === 1) {
      const [only] = this.#parts as readonly [RowPart];
      return pixelBatch(only.table, only.sampler.draw(step), how);
    }
    using inner = scope();
    const batches = this.#parts.map(({ table, sampler, share }) => ({
      share,
      ...pixelBatch(table, sampler.draw(step), how),
    }));
    return joined(batches, { apart: how.apart, keep: (tensor) => inner.keep(tensor) });
  }
}

/** Joins batches of rows; each part's labels stand alone in a map of their own. */
function joined(
  batches: readonly (StepBatch & { readonly share: number | null })[],
  { apart, keep }: { readonly apart: boolean; readonly keep: (tensor: Tensor) => Tensor },
): StepBatch {
  const unknown = batches.map(({ labelsNHW }) => labelsNHW.mul(0).add(ignoreIndex));
  const labelsOf = (own: number) =>
    keep(
      cat(
        batches.map(({ labelsNHW }, place) => (place === own ? labelsNHW : (unknown[place] as Tensor))),
        apart ? 0 : 2,
      ),
    );
  const inRow = !apart && batches[0]?.imagesNCHW.shape[2] === 1;
  // Features of a row lie together in memory, and stay so.
  const features = cat(
    batches.map(({ imagesNCHW }) => imagesNCHW.permute([0, 2, 3, 1])),
    inRow ? 2 : 0,
  );
  return {
    imagesNCHW: keep(features.permute([0, 3, 1, 2])),
    labelsNHW: labelsOf(0),
    ...(apart && {
      origins: batches.flatMap(({ origins = [], share }) =>
        origins.map((origin) => (share === null ? origin : noPart)),
      ),
    }),
    trusted: batches.flatMap(({ share }, place) =>
      share === null ? [] : [{ labelsNHW: labelsOf(place), share }],
    ),
  };
}

/** Is the origin of a row that shows no part of a training image, which nothing remembers or looks up. */
const noPart: SampleOrigin = { index: 0, left: 2, right: 2, top: 2, bottom: 2, mirrored: false };
