/**
 * Computes the features of an image by a frozen backbone, as evaluation would: the same normalization, resizing and
 * precision, with batch normalizations folded into the convolutions. Features are kept as float16 at their own strides.
 */

import type { Normalization } from '../data/index.js';
import type { OpenImage } from '../data/internal.js';
import type { InferencePrecision } from '../evaluation/index.js';
import { NormalizedRows, type PassView, passViews } from '../evaluation/internal.js';
import type { Backbone, FeatureTap } from '../models/index.js';
import { tapChannels, tapsOf } from '../models/internal.js';
import { resizeBilinear } from '../nn/index.js';
import { FoldedConvolutions, spatialSize } from '../nn/internal.js';
import {
  autocast,
  cat,
  type Device,
  type Kernels,
  noGrad,
  scope,
  type Tensor,
  tidy,
  withKernels,
} from '../torch/index.js';
import { kernels as currentKernels, resolvePrecision } from '../torch/internal.js';
import type { FeatureView } from './feature-view.js';
import { type Window, windowsOf } from './feature-windows.js';

/** Says how a backbone reads images. */
export interface FeatureReading {
  /** Lists the features that are kept, in this order. */
  readonly taps: readonly FeatureTap[];
  /** Subtracts a mean from each channel and divides by a deviation, as in evaluation. */
  readonly normalization: Normalization;
  /** Gives the [width, height] into which every image is fitted, aspect kept, as in inference; null keeps its size. */
  readonly baseSize?: readonly [number, number] | null;
  /** Gives the device of the backbone; `cpu` by default. */
  readonly device?: Device;
  readonly precision?: InferencePrecision;
  /** Folds batch normalizations unless it is `stock`; the setting of `withKernels` by default. */
  readonly kernels?: Kernels;
}

/** Is the largest finite float16 number; larger features are limited to it. */
const largestFloat16 = 65504;

/** Computes maps of features. The backbone must not learn as long as it is used. */
export class FeatureNetwork implements Disposable {
  /** Gives the channels of each tap, in their order. */
  readonly tapChannels: readonly number[];
  readonly #backbone: Backbone;
  readonly #reading: Required<FeatureReading>;
  readonly #folded: FoldedConvolutions | null;

  /** @throws {ConfigError} when the backbone does not give one of the taps */
  constructor(
    backbone: Backbone,
    {
      baseSize = null,
      device = 'cpu',
      precision = 'auto',
      kernels = currentKernels(),
      ...given
    }: FeatureReading,
  ) {
    const resolved = resolvePrecision(precision, device);
    this.tapChannels = given.taps.map((tap) => tapChannels(backbone, tap));
    this.#backbone = backbone;
    this.#reading = { ...given, baseSize, device, kernels, precision: resolved };
    this.#folded = kernels === 'stock' ? null : new FoldedConvolutions({ dtype: resolved });
  }

  /** Counts the channels of all taps together. */
  get channels(): number {
    return this.tapChannels.reduce((sum, count) => sum + count, 0);
  }

  /** Returns how the images are read, with every default filled in. */
  get reading(): Required<FeatureReading> {
    return this.#reading;
  }

  /**
   * Computes the features of an image in a view.
   *
   * @returns one float16 map [1, channels, h, w] on the CPU for each tap, in channels-last order; the stem is averaged to
   *   stride 4. They belong to the scope of the caller.
   */
  maps(image: OpenImage, view: FeatureView): Tensor[] {
    using work = scope();
    const { baseSize, device, normalization } = this.#reading;
    const [{ size }] = passViews(image, { scales: [view.scale], baseSize }) as [PassView];
    const pass = { size, mirrored: view.mirrored };
    const input = new NormalizedRows([image], { device, normalization });
    const bands = windowsOf(size).map((row) => {
      const parts = row.map((window) => this.#mapsOfWindow(input, pass, window));
      return this.#joined(parts, 3);
    });
    const maps = this.#joined(bands, 2);
    for (const map of maps) work.keep(map);
    return maps;
  }

  [Symbol.dispose](): void {
    this.#folded?.[Symbol.dispose]();
  }

  /** Joins the maps of neighboring windows along rows (2) or columns (3). */
  #joined(parts: readonly (readonly Tensor[])[], dim: 2 | 3): Tensor[] {
    const [first, ...others] = parts as [readonly Tensor[]];
    if (others.length === 0) return [...first];
    return first.map((_, tap) =>
      tidy(() =>
        cat(
          parts.map((maps) => maps[tap] as Tensor),
          dim,
        ).contiguous({ memoryFormat: 'channels-last' }),
      ),
    );
  }

  #mapsOfWindow(input: NormalizedRows, pass: PassView, { rows, columns }: Window): Tensor[] {
    using work = scope();
    const band = input.rows(pass, rows.shown);
    const shown =
      columns.shown.count === pass.size.width
        ? band
        : band.narrow(3, columns.shown.first, columns.shown.count);
    const features = this.#forward(shown.contiguous({ memoryFormat: 'channels-last' }));
    return features.map((feature) => {
      const [height, width] = spatialSize(feature);
      const [vertical, horizontal] = [cellsOf(rows, height), cellsOf(columns, width)];
      const kept = feature
        .narrow(2, vertical.first, vertical.count)
        .narrow(3, horizontal.first, horizontal.count);
      return work.keep(toFloat16(kept));
    });
  }

  /** Returns the features of the taps, none finer than the first stage. */
  #forward(imagesNCHW: Tensor): Tensor[] {
    const { taps, precision, device, kernels } = this.#reading;
    const run = () => {
      const features = this.#backbone.forward(imagesNCHW, { stem: taps.includes('stem') });
      const size = spatialSize(features[0]);
      // Resizing by two takes the mean of four cells, as a head that reads the stem does.
      return tapsOf(features, taps).map((feature, place) =>
        taps[place] === 'stem' ? resizeBilinear(feature, size) : feature,
      );
    };
    const folded = () => withKernels(kernels, () => (this.#folded === null ? run() : this.#folded.run(run)));
    return this.#inEvaluationMode(() =>
      noGrad(() => (precision === 'bfloat16' ? autocast({ device, dtype: 'bfloat16' }, folded) : folded())),
    );
  }

  #inEvaluationMode<T>(body: () => T): T {
    const wasTraining = this.#backbone.training;
    if (wasTraining) this.#backbone.eval();
    try {
      return body();
    } finally {
      if (wasTraining) this.#backbone.train();
    }
  }
}

/** Returns which cells of a window's map, of `length` cells, are kept. */
function cellsOf(
  { shown, kept }: Window['rows'],
  length: number,
): { readonly first: number; readonly count: number } {
  const stride = 2 ** Math.round(Math.log2(shown.count / length));
  const first = (kept.first - shown.first) / stride;
  const isLast = kept.first + kept.count === shown.first + shown.count;
  return { first, count: isLast ? length - first : kept.count / stride };
}

function toFloat16(map: Tensor): Tensor {
  return tidy(() =>
    map
      .to({ dtype: 'float32' })
      .clamp({ min: -largestFloat16, max: largestFloat16 })
      .to({ dtype: 'float16', device: 'cpu' })
      .contiguous({ memoryFormat: 'channels-last' }),
  );
}
