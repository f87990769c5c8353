/**
 * Describes features of labeled pixels by rows, which a head learns from: one row holds the features of a pixel, or of the
 * cells around it, with its class. A person's own features become such rows here.
 */

import { ignoreIndex } from '../data/index.js';
import { OperationError } from '../errors/index.js';
import { ops, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';

/** Gives features of pixels by row. */
export interface FeatureRows {
  /** Counts the rows. */
  readonly length: number;
  /** Counts the features of a pixel. */
  readonly channels: number;
  /** Holds the class of each row, 255 where there is none. */
  readonly labels: Uint8Array;
  /** Holds for each row the index of its image in the dataset. */
  readonly imageIndices: Uint32Array;
  /** Holds for each row x and y as fractions of the image's width and height; reweighters with a memory read them. */
  readonly places: Float32Array;
  /**
   * Returns the features of rows: [1, channels, 1, rows] in channels-last order, or patches
   * [rows, channels, size, size] for a head that looks at the cells around a pixel. They are float32 unless `dtype` says
   * otherwise.
   */
  batch(rows: Uint32Array, options?: { readonly dtype?: 'float32' | 'bfloat16' }): Tensor;
}

/** Holds a person's own features with their labels. */
export interface OwnFeatures {
  /** Holds the features row by row, [pixels, channels]; a tensor of any floating-point type stays the caller's. */
  readonly features: Tensor | Float32Array;
  /** Counts the features of a pixel; a tensor tells it by its shape. */
  readonly channels?: number;
  /** Holds the class of each pixel, 255 where there is none. */
  readonly labels: Uint8Array;
}

/**
 * Returns rows over features of any origin. They use the given memory and keep no copy of a tensor.
 *
 * @throws {OperationError} when features and labels do not fit together
 */
export function featureRows({ features, channels, labels }: OwnFeatures): FeatureRows & Disposable {
  const own = features instanceof Float32Array;
  const shape = own ? [labels.length, channels ?? 0] : features.shape;
  const numbers = own ? features.length : features.numel;
  const [length = 0, width = 0] = shape;
  if (shape.length !== 2 || length !== labels.length || length * width !== numbers || numbers === 0) {
    throw new OperationError(
      `featureRows: expected features [${labels.length}, channels], one row for each label, received ` +
        (own ? `${numbers} numbers and channels ${channels}` : `[${shape}]`),
    );
  }
  const table = own ? tensorFrom(features, { dtype: 'float32', shape }) : features;
  return {
    length,
    channels: width,
    labels,
    imageIndices: new Uint32Array(length),
    places: new Float32Array(2 * length).fill(0.5),
    batch: (rows, { dtype = 'float32' } = {}) =>
      tidy(() => {
        const indices = tensorFrom(Int32Array.from(rows), {
          dtype: 'int32',
          shape: [rows.length],
          device: table.device,
        });
        const chosen = selectKernel('gatherRows', {
          inputs: [table],
          // The kernel reads what tables of quick runs hold.
          when: table.dtype === 'float16' && table.isContiguous(),
          fused: () => ops.gatherRows([table], indices, dtype === 'bfloat16'),
          stock: () => table.indexSelect(0, indices).to({ dtype }),
        });
        return chosen.reshape([1, 1, rows.length, width]).permute([0, 3, 1, 2]);
      }),
    [Symbol.dispose]: () => {
      if (own) table.dispose();
    },
  };
}

/** Counts the rows of each class. */
export function classCounts({ labels }: Pick<FeatureRows, 'labels'>): Float64Array {
  const counts = new Float64Array(ignoreIndex + 1);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return counts.subarray(0, ignoreIndex);
}
