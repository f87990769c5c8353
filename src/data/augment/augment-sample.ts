/**
 * A training sample from a decoded one: resize, crop, flip, color, normalize and pad, in mmsegmentation 0.11's order.
 *
 * All draws come first. They need the labels alone, so that of the image only the rows that the crop shows have to be
 * decoded; and the resized image is never made: only the crop's pixels are computed, with the same values that
 * OpenCV's resize of the whole image would give them. One pass of the engine does it; the TypeScript beside it is what
 * it has to equal to the last bit, and what runs where there is no engine.
 */

import { DataError } from '../../errors/index.js';
import { type ImageKernels, imageKernels } from '../../torch/internal.js';
import { ignoreIndex, type Sample } from '../datasets/dataset.js';
import { normalize, normalizedValues } from '../images/normalization.js';
import type { ResizedRegion, Size } from '../images/region.js';
import { resizeImageRegion, resizeLabelRegion, scaledToFit } from '../images/resize.js';
import { imageTaps, labelTaps } from '../images/taps.js';
import type { RandomStream } from '../loader/random.js';
import type { Augmentation } from './augmentation.js';
import { chooseCrop } from './crop-window.js';
import {
  type ColorChanges,
  changeColors,
  drawColorChanges,
  oneAfterTheOther,
} from './photometric-distortion.js';

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

/** Where a sample goes: a normalized image [3, H, W] and labels [H, W], of the crop's size. */
export interface AugmentedOutput {
  readonly image: Float32Array;
  readonly labels: Uint8Array;
}

/** Rows of an image. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/** Everything that was drawn for one sample. */
export interface AugmentationDraw {
  readonly region: ResizedRegion;
  readonly colors: ColorChanges;
  /** [height, width] of the crop, padding included. */
  readonly cropSize: readonly [number, number];
}

const noChanges: ColorChanges = { before: null, hsv: [], after: null };

/** Draws what happens to a sample of these labels; all draws come from `random`. */
export function drawAugmentation(
  labels: Uint8Array,
  options: {
    readonly size: Size;
    readonly augmentation: Augmentation;
    readonly random: RandomStream;
    readonly kernels?: ImageKernels | null;
  },
): AugmentationDraw {
  const { size, augmentation, random, kernels = imageKernels() } = options;
  const { cropSize, categoryMaxRatio } = augmentation;
  const source = { width: size.width, height: size.height };
  const [baseWidth, baseHeight] = augmentation.baseSize ?? [source.width, source.height];
  const ratio = random.uniform(...augmentation.ratioRange);
  const scaled = scaledToFit(source, [Math.floor(baseWidth * ratio), Math.floor(baseHeight * ratio)]);
  const crop = { width: cropSize[1], height: cropSize[0] };
  const window = chooseCrop(labels, { source, scaled, crop, categoryMaxRatio, random, kernels });
  const mirrored = random.chance(augmentation.flip);
  const colors = augmentation.colorJitter ? drawColorChanges(random) : noChanges;
  return { region: { source, scaled, window, mirrored }, colors, cropSize };
}

/** The rows of the image that the crop shows: no others have to be decoded. */
export function rowsShown({ region }: AugmentationDraw): RowRange {
  const { before, after } = imageTaps(region).rows;
  const first = before[0] ?? 0;
  return { first, count: (after.at(-1) ?? 0) - first + 1 };
}

/**
 * Makes the sample that was drawn. `image` is the whole image, or its rows from `rowsShown` on with `firstRow` saying
 * where they begin. What lies beyond a small image is 0 after normalization, and 255 in the labels, at the right and at
 * the bottom.
 *
 * @returns the part of the image that was taken
 */
export function applyAugmentation(
  draw: AugmentationDraw,
  options: {
    readonly image: Uint8Array;
    readonly firstRow?: number;
    readonly labels: Uint8Array;
    readonly output: AugmentedOutput;
    readonly kernels?: ImageKernels | null;
  },
): SampleWindow {
  const { image, firstRow = 0, labels, output, kernels = imageKernels() } = options;
  const { region, colors, cropSize } = draw;
  const { window, scaled, mirrored } = region;
  const [cropHeight, cropWidth] = cropSize;
  if (window.width < cropWidth || window.height < cropHeight) {
    output.image.fill(0);
    output.labels.fill(ignoreIndex);
  }
  if (kernels === null) {
    const pixels = resizeImageRegion(image, { ...region, firstRow });
    changeColors(pixels, colors);
    normalize(pixels, {
      size: window,
      into: output.image,
      planeSize: { width: cropWidth, height: cropHeight },
    });
    resizeLabelRegion(labels, { ...region, into: output.labels, rowLength: cropWidth });
  } else {
    const { columns, rows } = imageTaps(region);
    for (const table of [rows.before, rows.after]) {
      for (let y = 0; y < table.length; y++) table[y] = (table[y] as number) - firstRow;
    }
    const { packed, values } = packColors(colors);
    const width = region.source.width;
    kernels.augmentImage(image, width, columns.all, rows.all, packed, values, output.image, cropWidth);
    const nearest = labelTaps(region);
    kernels.gatherLabels(labels, width, nearest.columns, nearest.rows, output.labels, cropWidth);
  }
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

/** Draws and makes a sample of one that is decoded whole. */
export function augmentSample(
  sample: Sample,
  options: {
    readonly augmentation: Augmentation;
    readonly random: RandomStream;
    readonly output: AugmentedOutput;
    readonly kernels?: ImageKernels | null;
  },
): SampleWindow {
  const { augmentation, random, output, kernels = imageKernels() } = options;
  const { name, image, labels } = sample;
  if (labels === null) throw new DataError(`${name}: has no labels, and cannot be trained on`);
  const draw = drawAugmentation(labels, { size: sample, augmentation, random, kernels });
  return applyAugmentation(draw, { image, labels, output, kernels });
}

const sameBytes = Uint8Array.from({ length: 256 }, (_, value) => value);

/** The changes as the engine takes them (native/images.cc): what is no change of HSV goes into a table at either end. */
function packColors({ before, hsv, after }: ColorChanges): {
  readonly packed: Uint8Array;
  readonly values: Float32Array;
} {
  if (hsv.length === 0) {
    return { packed: new Uint8Array(0), values: normalizedValues(oneAfterTheOther(before, after)) };
  }
  const packed = new Uint8Array(256 + 257 * hsv.length);
  packed.set(before ?? sameBytes);
  for (const [place, { saturations, hueShift }] of hsv.entries()) {
    packed.set(saturations, 256 + 257 * place);
    packed[256 + 257 * place + 256] = hueShift + 128;
  }
  return { packed, values: normalizedValues(after) };
}
