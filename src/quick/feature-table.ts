/** Holds features of all labeled cells in memory. */
import type { Normalization, SegmentationDataset } from '../data/index.js';
import { ignoreIndex, normalizeImage, RandomStream } from '../data/index.js';
import type { Backbone, FeatureTap } from '../models/index.js';
import { tapsOf } from '../models/internal.js';
import { resizeBilinear } from '../nn/index.js';
import { cat, noGrad, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import type { FeatureRows } from './feature-rows.js';

export interface FeatureTable extends FeatureRows, Disposable {
  replace(imageIndex: number, labels: Uint8Array): void;
}
export interface FeatureTableOptions {
  readonly backbone: Backbone;
  readonly dataset: SegmentationDataset;
  readonly normalization: Normalization;
  readonly taps: readonly FeatureTap[];
  readonly views: readonly { readonly scale: number; readonly mirrored: boolean }[];
  readonly patchSize: number;
  readonly seed: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
  readonly processGroup?: unknown;
  readonly onProgress?: (done: number) => void;
}

export async function openFeatureTable({
  backbone,
  dataset,
  normalization,
  taps,
  memoryMiB,
  seed,
  onProgress,
}: FeatureTableOptions): Promise<FeatureTable> {
  const parts: Tensor[] = [];
  const labels: number[] = [];
  const indices: number[] = [];
  const places: number[] = [];
  for (let index = 0; index < dataset.length; index++) {
    const sample = await dataset.read(index);
    const { width, height } = sample;
    const image = normalizeImage(sample.image, { width, height, normalization });
    const stacked = noGrad(() =>
      tidy(() => {
        const images = tensorFrom(image, { dtype: 'float32', shape: [1, 3, height, width] }).contiguous({
          memoryFormat: 'channels-last',
        });
        const forward = backbone.forward.bind(backbone) as (
          images: Tensor,
          options?: unknown,
        ) => ReturnType<Backbone['forward']>;
        const features = forward(images, { stem: taps.includes('stem') });
        const [, , h = 0, w = 0] = features[0].shape;
        return cat(
          tapsOf(features, taps).map((tap) => resizeBilinear(tap, [h, w])),
          1,
        );
      }),
    );
    const [, channels = 0, h = 0, w = 0] = stacked.shape;
    const cells: number[] = [];
    const all: { cell: number; label: number }[] = [];
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const row = Math.min(height - 1, Math.floor(((y + 0.5) * height) / h));
        const column = Math.min(width - 1, Math.floor(((x + 0.5) * width) / w));
        const label = (sample.labels as Uint8Array)[row * width + column] as number;
        if (label !== ignoreIndex) all.push({ cell: y * w + x, label });
      }
    const most = Math.floor((memoryMiB * 2 ** 20) / (2 * channels) / dataset.length);
    const random = new RandomStream(seed, [77, index]);
    const chosen =
      all.length <= most
        ? all
        : [...random.permutation(all.length).subarray(0, most)]
            .sort((a, b) => a - b)
            .map((i) => all[i] as (typeof all)[number]);
    for (const { cell, label } of chosen) {
      cells.push(cell);
      labels.push(label);
      indices.push(index);
      places.push(((cell % w) + 0.5) / w, (Math.floor(cell / w) + 0.5) / h);
    }
    parts.push(
      tidy(() =>
        stacked
          .permute([0, 2, 3, 1])
          .reshape([h * w, channels])
          .indexSelect(
            0,
            tensorFrom(BigInt64Array.from(cells, BigInt), { dtype: 'int64', shape: [cells.length] }),
          )
          .to({ dtype: 'float16' }),
      ),
    );
    stacked.dispose();
    onProgress?.(index + 1);
  }
  const table = cat(parts, 0);
  for (const part of parts) part.dispose();
  const [length = 0, channels = 0] = table.shape;
  return {
    length,
    channels,
    labels: Uint8Array.from(labels),
    imageIndices: Uint32Array.from(indices),
    places: Float32Array.from(places),
    batch: (rows) =>
      tidy(() =>
        table
          .indexSelect(
            0,
            tensorFrom(BigInt64Array.from(rows, BigInt), { dtype: 'int64', shape: [rows.length] }),
          )
          .to({ dtype: 'float32' })
          .reshape([1, 1, rows.length, channels])
          .permute([0, 3, 1, 2]),
      ),
    replace: () => undefined,
    [Symbol.dispose]: () => table.dispose(),
  };
}
