/**
 * Gives the features of whole images of a dataset, kept or computed, at any points: for what reads every part of an image and
 * not only its labeled pixels.
 */

import type { Size } from '../data/index.js';
import { type Tensor, tidy } from '../torch/index.js';
import type { ImageMaps } from './feature-source.js';
import { gatherFeatures } from './gather-features.js';
import { type FeatureTableOptions, openedDataset, openSource } from './open-feature-table.js';

/** Configures `openFeatureMaps`; what is kept is that of a table with the same network and dataset. */
type FeatureMapsOptions = Omit<
  FeatureTableOptions,
  | 'views'
  | 'patchSize'
  | 'placement'
  | 'rareClasses'
  | 'seed'
  | 'memoryMiB'
  | 'processGroup'
  | 'onProgress'
  | 'section'
>;

/** Bounds no table, as none is made. */
const memoryMiB = 2 ** 30;

/** Holds the features of an image until it is disposed. */
interface StackedFeatures extends Disposable {
  /** Gives the size of the image. */
  readonly size: Size;
  /**
   * Returns the features at points of the image.
   *
   * @param points x and y of each point in pixels; a pixel's center is at a half-integer
   * @returns float16 [points, channels], owned by the caller's scope
   */
  rows(points: Float32Array): Tensor;
}

/** Gives the features of images by index. */
export interface FeatureMaps extends Disposable {
  /** Counts the features of a point. */
  readonly channels: number;
  /** Counts the images whose features were computed because they were not kept. */
  readonly computed: number;
  /**
   * Reads the features of an image; the caller disposes them.
   *
   * @throws {DataError} naming the file when the image cannot be read
   */
  read(index: number): Promise<StackedFeatures>;
}

/**
 * Opens the features of a dataset's images; the caller disposes the result.
 *
 * @throws {DataError} for an empty dataset
 * @throws {ConfigError} when the backbone does not give a tap
 */
export async function openFeatureMaps(options: FeatureMapsOptions): Promise<FeatureMaps> {
  const given = { ...options, memoryMiB, seed: 0 };
  const dataset = await openedDataset(given);
  const { source, network } = await openSource(dataset, given);
  return {
    channels: network.channels,
    get computed() {
      return source.computed;
    },
    read: async (index) => stackedFeatures(await source.mapsOf(index)),
    [Symbol.dispose]: () => {
      source.saveHashes();
      source[Symbol.dispose]();
    },
  };
}

function stackedFeatures({ tensors, size }: ImageMaps): StackedFeatures {
  return {
    size,
    rows: (points) => tidy(() => gatherFeatures(tensors, { points, size: [size.height, size.width] })),
    [Symbol.dispose]: () => {
      for (const tensor of tensors) tensor.dispose();
    },
  };
}
