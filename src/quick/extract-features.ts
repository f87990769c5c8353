/** Gives the features of single images by a frozen network, for uses of one's own. */

import { basename } from 'node:path';
import { imageReadingOf, normalizationOf } from '../config/internal.js';
import { type ImageReading, imageNetNormalization, type RgbImage, readImage } from '../data/index.js';
import { inferenceOptions, loadRun } from '../evaluation/index.js';
import { openInMemory } from '../evaluation/internal.js';
import { type Backbone, featureTaps } from '../models/index.js';
import { resizeBilinear } from '../nn/index.js';
import { spatialSize } from '../nn/internal.js';
import { cat, scope, type Tensor, tidy } from '../torch/index.js';
import { shareHandle } from '../torch/internal.js';
import { FeatureNetwork, type FeatureReading } from './feature-network.js';
import { type FeatureView, plainView } from './feature-view.js';
import { gatherFeatures } from './gather-features.js';
import { readAhead } from './read-ahead.js';

/** Is an image to take features of: a file, or decoded pixels [height, width, channels] of 8 bits. */
export type FeatureImage = string | RgbImage;

/** Configures `extractFeatures`. */
export interface ExtractFeaturesOptions extends Partial<FeatureReading> {
  /** Lists the ways in which each image is shown; as it is by default. */
  readonly views?: readonly FeatureView[];
  /** Says how image files are read; as the run says, or else as RGB of 8 bits. */
  readonly reading?: ImageReading;
}

/** Holds the features of an image in a view. Its tensors are freed with it. */
export interface ExtractedFeatures extends Disposable {
  /** Names the file; `image N` for decoded pixels. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly view: FeatureView;
  /** Holds one float16 map [1, channels, h, w] for each tap, at its own stride; that of the stem is averaged to 4. */
  readonly maps: readonly Tensor[];
  /** Returns all maps at the size of the finest, one after the other: float32 [1, channels, h, w] of the caller's scope. */
  stacked(): Tensor;
  /**
   * Returns the features at points, interpolated: float16 [points, channels] of the caller's scope.
   *
   * @param places x and y of each point as fractions of the width and height of the view
   */
  rows(places: Float32Array): Tensor;
}

/**
 * Yields the features of images, one image and view after the other; hold each with `using`. Files are decoded ahead.
 *
 * @param network a backbone, which keeps its weights, or the folder of a run, whose own settings are the defaults
 * @throws {DataError} naming the file when an image cannot be read
 * @throws {CheckpointError} when the folder is not a run
 * @throws {ConfigError} when the backbone does not give a tap
 */
export async function* extractFeatures(
  network: Backbone | string,
  images: Iterable<FeatureImage>,
  options: ExtractFeaturesOptions = {},
): AsyncGenerator<ExtractedFeatures> {
  if (typeof network !== 'string') {
    yield* extractWith(network, images, options);
    return;
  }
  using run = await loadRun(network);
  const { device, precision, baseSize } = inferenceOptions(run.config);
  yield* extractWith(run.model.backbone, images, {
    normalization: run.model.normalization ?? normalizationOf(run.config.data),
    reading: imageReadingOf(run.config.data),
    ...{ baseSize, device, precision },
    ...options,
  });
}

async function* extractWith(
  backbone: Backbone,
  images: Iterable<FeatureImage>,
  {
    taps = featureTaps.filter((tap) => tap !== 'stem' || backbone.stemChannels !== undefined),
    normalization = imageNetNormalization,
    views = [plainView],
    reading,
    ...how
  }: ExtractFeaturesOptions,
): AsyncGenerator<ExtractedFeatures> {
  using network = new FeatureNetwork(backbone, { ...how, taps, normalization });
  let place = 0;
  const read = async (image: FeatureImage) => {
    const name = typeof image === 'string' ? basename(image) : `image ${place}`;
    place++;
    return { name, image: typeof image === 'string' ? await readImage(image, reading) : image };
  };
  for await (const { name, image } of readAhead(images, read, { ahead: 2 })) {
    for (const view of views) yield new ViewFeatures({ name, image, view, network });
  }
}

class ViewFeatures implements ExtractedFeatures {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly view: FeatureView;
  readonly maps: readonly Tensor[];

  constructor({
    name,
    image,
    view,
    network,
  }: {
    readonly name: string;
    readonly image: RgbImage;
    readonly view: FeatureView;
    readonly network: FeatureNetwork;
  }) {
    using _maps = scope();
    this.name = name;
    this.width = image.width;
    this.height = image.height;
    this.view = view;
    this.maps = network.maps(openInMemory(image), view).map(shareHandle);
  }

  stacked(): Tensor {
    return tidy(() => {
      const sizes = this.maps.map(spatialSize);
      const [height, width] = [0, 1].map((side) => Math.max(...sizes.map((size) => size[side] as number)));
      const size = [height as number, width as number] as const;
      return cat(
        this.maps.map((map) => resizeBilinear(map.to({ dtype: 'float32' }), size)),
        1,
      );
    });
  }

  rows(places: Float32Array): Tensor {
    return gatherFeatures(this.maps, { points: places, size: [1, 1] });
  }

  [Symbol.dispose](): void {
    for (const map of this.maps) map.dispose();
  }
}
