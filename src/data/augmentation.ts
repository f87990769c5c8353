/** What happens to a training sample on its way into a batch: the settings, and the steps in their order. */

import { z } from 'zod';
import { DataError } from '../errors/index.js';
import { chooseCrop } from './crop-window.js';
import { ignoreIndex, type Sample } from './dataset.js';
import { normalise } from './normalisation.js';
import { distortColours } from './photometric-distortion.js';
import type { RandomStream } from './random.js';
import { resizeImageRegion, resizeLabelRegion, scaledToFit } from './resize.js';

/** Settings of the training augmentation; the defaults are mmsegmentation's, but for the crop's size. */
export const augmentationOptions = z.strictObject({
  /** [width, height] that an image is fitted into, aspect kept, before the ratio; null: the image's own size. */
  baseSize: z.tuple([z.int().positive(), z.int().positive()]).nullable().default(null),
  /** The random factor on the base size is uniform in this range. */
  ratioRange: z
    .tuple([z.number().positive(), z.number().positive()])
    .refine(([low, high]) => low <= high, 'the lower ratio is above the upper one')
    .default([0.5, 2]),
  /** [height, width] of every sample of a batch. */
  cropSize: z.tuple([z.int().positive(), z.int().positive()]).default([512, 512]),
  /** Crops in which one class has at least this share of the labelled pixels are drawn again; 1 takes any crop. */
  categoryMaxRatio: z.number().positive().max(1).default(0.75),
  /** Probability of a horizontal flip. */
  flip: z.number().min(0).max(1).default(0.5),
  /** Whether brightness, contrast, saturation and hue are distorted. */
  colorJitter: z.boolean().default(true),
});

/** Settings of the training augmentation; see `augmentationOptions`. */
export type Augmentation = Readonly<z.infer<typeof augmentationOptions>>;

/**
 * Which part of its image an augmented sample shows: the window of a whole crop, padding included, in fractions of the
 * image's width and height. A pixel x of a crop W wide lies at left + (x + ½)/W · (right − left) of the image, counted
 * from the right edge down when mirrored; what lies outside [0, 1] is padding.
 */
export interface SampleWindow {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly mirrored: boolean;
}

/** Where a sample goes: a normalised image [3, H, W] and labels [H, W], of the crop's size. */
export interface AugmentedOutput {
  readonly image: Float32Array;
  readonly labels: Uint8Array;
}

/**
 * Resize, crop, flip, colour, normalise and pad, in mmsegmentation 0.11's order; all draws come from `random`.
 *
 * The resized image is never made: the crop's window is drawn first, and only its pixels are computed, with the same
 * values that OpenCV's resize of the whole image would give them. What lies beyond a small image is 0 after
 * normalisation, and 255 in the labels, at the right and at the bottom.
 *
 * @returns the part of the image that was taken
 */
export function augmentSample(
  sample: Sample,
  options: {
    readonly augmentation: Augmentation;
    readonly random: RandomStream;
    readonly output: AugmentedOutput;
  },
): SampleWindow {
  const { augmentation, random, output } = options;
  const { width, height, labels } = sample;
  if (labels === null) throw new DataError(`${sample.name}: has no labels, and cannot be trained on`);
  const [cropHeight, cropWidth] = augmentation.cropSize;
  const [baseWidth, baseHeight] = augmentation.baseSize ?? [width, height];
  const ratio = random.uniform(...augmentation.ratioRange);
  const scaled = scaledToFit(sample, [Math.floor(baseWidth * ratio), Math.floor(baseHeight * ratio)]);
  const window = chooseCrop(labels, {
    source: { width, height },
    scaled,
    crop: { width: cropWidth, height: cropHeight },
    categoryMaxRatio: augmentation.categoryMaxRatio,
    random,
  });
  const mirrored = random.chance(augmentation.flip);
  const region = { source: { width, height }, scaled, window, mirrored };
  const pixels = resizeImageRegion(sample.image, region);
  if (augmentation.colorJitter) distortColours(pixels, random);
  if (window.width < cropWidth || window.height < cropHeight) {
    output.image.fill(0);
    output.labels.fill(ignoreIndex);
  }
  normalise(pixels, {
    size: window,
    into: output.image,
    planeSize: { width: cropWidth, height: cropHeight },
  });
  resizeLabelRegion(labels, { ...region, into: output.labels, rowLength: cropWidth });
  // Padding is at the right of a crop, which shows the left of the image when mirrored.
  const left = mirrored ? window.left + window.width - cropWidth : window.left;
  return {
    left: left / scaled.width,
    top: window.top / scaled.height,
    right: (left + cropWidth) / scaled.width,
    bottom: (window.top + cropHeight) / scaled.height,
    mirrored,
  };
}
