/**
 * Augments a training sample: resizes, crops, flips, changes colors, normalizes and pads it, in mmsegmentation 0.11's order.
 *
 * All random draws come first and need only the labels, so that only those rows of the image are decoded that the crop
 * shows. The resized image is never computed as a whole: one pass of the engine computes the pixels of the crop, with the
 * values that OpenCV's resize of the whole image would give them.
 */

import { constants, requireImageKernels } from '../../torch/internal.js';
import { ignoreIndex } from '../classes.js';
import type { RowRange } from '../images/image-file.js';
import { imageNetNormalization, type Normalization, normalizedValues } from '../images/normalization.js';
import { type Size, scaledToFit } from '../images/size.js';
import { pickChannels } from '../images/visible-colors.js';
import type { RandomStream } from '../random.js';
import type { Augmentation } from './augmentation.js';
import { type ColorChanges, composeTables, drawColorChanges } from './color-changes.js';
import { type CropFocus, chooseCrop } from './crop-window.js';
import { imageTaps, labelTaps, type ResizedRegion } from './resize-taps.js';

/**
 * Describes which part of its image an augmented sample shows: the edges of the whole crop, padding included, in fractions
 * of the image's width and height. Pixel x of a crop W wide shows the place left + (x + ½)/W · (right − left) of the image,
 * counted from the right edge of the crop when mirrored. Places outside [0, 1] are padding.
 */
export interface SampleWindow {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly mirrored: boolean;
}

/** Receives an augmented sample: a normalized image [channels, H, W] and labels [H, W] of the crop's size. */
export interface AugmentedOutput {
  readonly image: Float32Array;
  readonly labels: Uint8Array;
}

/** Holds everything that was drawn for one sample. */
export interface AugmentationDraw {
  readonly region: ResizedRegion;
  readonly colors: ColorChanges;
  /** Gives the [height, width] of the crop, padding included. */
  readonly cropSize: readonly [number, number];
}

const noChanges: ColorChanges = { before: null, hsv: [], after: null };

/**
 * Draws the augmentation of a sample with these labels [height, width].
 *
 * @throws {EngineError} when there is no engine
 */
export function drawAugmentation(
  labels: Uint8Array,
  options: {
    readonly size: Size;
    readonly augmentation: Augmentation;
    readonly random: RandomStream;
    /** Is a place that the crop must show. */
    readonly focus?: CropFocus | undefined;
  },
): AugmentationDraw {
  const { size, augmentation, random, focus } = options;
  const { cropSize, categoryMaxRatio } = augmentation;
  const kernels = requireImageKernels();
  const source = { width: size.width, height: size.height };
  const [baseWidth, baseHeight] = augmentation.baseSize ?? [source.width, source.height];
  const ratio = random.uniform(...augmentation.ratioRange);
  const scaled = scaledToFit(source, [Math.floor(baseWidth * ratio), Math.floor(baseHeight * ratio)]);
  const crop = { width: cropSize[1], height: cropSize[0] };
  const window = chooseCrop(labels, { source, scaled, crop, categoryMaxRatio, focus, random, kernels });
  const mirrored = random.chance(augmentation.flip);
  const colors = augmentation.colorJitter ? drawColorChanges(random) : noChanges;
  return { region: { source, scaled, window, mirrored }, colors, cropSize };
}

/** Returns the rows of the image that the crop shows. */
export function rowsShown({ region }: AugmentationDraw): RowRange {
  const { before, after } = imageTaps(region).rows;
  const first = before[0] ?? 0;
  return { first, count: (after.at(-1) ?? 0) - first + 1 };
}

/**
 * Writes the sample that was drawn to `output`. Beyond the right and lower edge of a small image the output is padded: with 0
 * in the normalized image, and with 255 in the labels.
 *
 * @returns the part of the image that the sample shows
 * @throws {EngineError} when there is no engine
 */
export function applyAugmentation(
  draw: AugmentationDraw,
  {
    image,
    firstRow = 0,
    labels,
    output,
    normalization = imageNetNormalization,
  }: {
    /** Holds the image [rows, width, channels]: all rows, or those of `rowsShown`. */
    readonly image: Uint8Array;
    /** Gives the index of the first row of `image`. */
    readonly firstRow?: number;
    readonly labels: Uint8Array;
    readonly output: AugmentedOutput;
    /** Is ImageNet's by default; the image has as many channels as it. */
    readonly normalization?: Normalization;
  },
): SampleWindow {
  const kernels = requireImageKernels();
  const { region, colors, cropSize } = draw;
  const { window, scaled, mirrored } = region;
  const [cropHeight, cropWidth] = cropSize;
  if (window.width < cropWidth || window.height < cropHeight) {
    output.image.fill(0);
    output.labels.fill(ignoreIndex);
  }
  const { columns, rows } = imageTaps(region);
  for (const table of [rows.before, rows.after]) {
    for (let y = 0; y < table.length; y++) table[y] = (table[y] as number) - firstRow;
  }
  const width = region.source.width;
  const resize: Resize = (pixels, { packed, values }, planes) =>
    kernels.augmentImage(pixels, width, columns.all, rows.all, packed, values, planes, cropWidth);
  if (normalization.mean.length === 3) resize(image, packColors(colors, normalization), output.image);
  else fillPlanes(resize, { image, colors, normalization, output });
  const nearest = labelTaps(region);
  kernels.gatherLabels(labels, width, nearest.columns, nearest.rows, output.labels, cropWidth);
  // Padding is at the right of a crop, where a mirrored crop shows the left of the image.
  const left = mirrored ? window.left + window.width - cropWidth : window.left;
  return {
    left: left / scaled.width,
    top: window.top / scaled.height,
    right: (left + cropWidth) / scaled.width,
    bottom: (window.top + cropHeight) / scaled.height,
    mirrored,
  };
}

const { hsvChangeBytes, hueShiftOffset } = constants;

const sameBytes = Uint8Array.from({ length: 256 }, (_, value) => value);

interface PackedColors {
  readonly packed: Uint8Array;
  readonly values: Float32Array;
}

/** Resizes and normalizes pixels [rows, width, 3] into planes [3, H, W]. */
type Resize = (pixels: Uint8Array, colors: PackedColors, planes: Float32Array) => void;

/**
 * Fills the planes of an image that has not three channels, three at a time. Colors change in the first three; where there
 * are fewer, the first changes as a gray image does. The channels behind them are resized and normalized only.
 */
function fillPlanes(
  resize: Resize,
  work: Pick<AugmentationDraw, 'colors'> & {
    readonly image: Uint8Array;
    readonly normalization: Normalization;
    readonly output: AugmentedOutput;
  },
): void {
  const { image, colors, normalization, output } = work;
  const { mean, std } = normalization;
  const channels = mean.length;
  const plane = output.labels.length;
  const colored = channels < 3 ? 1 : 3;
  const scratch = new Float32Array(3 * plane);
  for (let first = 0; first < channels; first += first === 0 ? colored : 3) {
    const count = Math.min(first === 0 ? colored : 3, channels - first);
    // A group of fewer than three repeats its first channel, and the planes of the repetitions are not used.
    const places = [0, 1, 2].map((place) => first + (place < count ? place : 0));
    const own = { mean: places.map((at) => mean[at] ?? 0), std: places.map((at) => std[at] ?? 1) };
    const changes = packColors(first === 0 ? colors : noChanges, own);
    const planes = output.image.subarray(first * plane, (first + count) * plane);
    const pixels = pickChannels(image, { channels, places });
    if (count === 3) resize(pixels, changes, planes);
    else {
      scratch.fill(0);
      resize(pixels, changes, scratch);
      planes.set(scratch.subarray(0, count * plane));
    }
  }
}

/**
 * Packs color changes as the engine takes them: 256 bytes for the first table and `hsvChangeBytes` for each change of HSV. The last table
 * is folded into the normalized values [3, 256], and without a change of HSV both tables are.
 */
function packColors({ before, hsv, after }: ColorChanges, normalization: Normalization): PackedColors {
  if (hsv.length === 0) {
    return {
      packed: new Uint8Array(0),
      values: normalizedValues(composeTables(before, after), normalization),
    };
  }
  const packed = new Uint8Array(256 + hsvChangeBytes * hsv.length);
  packed.set(before ?? sameBytes);
  for (const [place, { saturations, hueShift }] of hsv.entries()) {
    packed.set(saturations, 256 + hsvChangeBytes * place);
    packed[256 + hsvChangeBytes * place + 256] = hueShift + hueShiftOffset;
  }
  return { packed, values: normalizedValues(after, normalization) };
}
