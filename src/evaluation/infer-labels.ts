/**
 * Predicts a class for every pixel of decoded images: whole or by sliding window, at one scale or averaged over several
 * scales and their mirror images. Images are not padded, because the networks here take any size and return logits at that
 * size.
 *
 * Probabilities are averaged: at each scale the image is resized (bilinear, half-pixel centers), the logits are resized
 * back to the image's own size, and their softmax is added to one running sum, so memory holds that sum and one pass.
 *
 * Sizes equal those of mmsegmentation's tests when `baseSize` is that of the published config: none for Cityscapes,
 * 2048 × 512 for ADE20K. mmsegmentation resizes 8-bit images and rounds to whole values; here the image is normalized
 * before it is resized, and not rounded.
 */

import { imageNetNormalization, type Normalization, normalizeImage, type Size } from '../data/index.js';
import { scaledToFit } from '../data/internal.js';
import { resizeBilinear } from '../nn/index.js';
import {
  autocast,
  type Device,
  type Kernels,
  noGrad,
  ops,
  scope,
  type Tensor,
  tensorFrom,
  tidy,
} from '../torch/index.js';
import { resolvePrecision, selectKernel } from '../torch/internal.js';
import type { SegmentationModel } from './segmentation-model.js';
import { type SlidingWindow, slideLogits } from './sliding-window.js';

/** Names the type in which a network computes; `auto` is bfloat16 where the device computes it fast, else float32. */
export type InferencePrecision = 'auto' | 'float32' | 'bfloat16';

/** Holds a decoded image: `image` is [height, width, channels], 8 bits each; RGB unless the network has another input. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly image: Uint8Array;
}

/** Configures how a network predicts an image; `inferenceOptions(config)` returns the options of a run. */
export interface InferenceOptions {
  /** Gives the device of the model; `cpu` by default. */
  readonly device?: Device;
  readonly precision?: InferencePrecision;
  /** Normalizes the channels as in training; ImageNet's by default. */
  readonly normalization?: Normalization;
  /** Lets `fused` compute labels directly from the network's own logits; the setting of `withKernels` by default. */
  readonly kernels?: Kernels;
  /** Divides the image into windows at every scale; null, the default, takes the whole image at once. */
  readonly window?: SlidingWindow | null;
  /** Sets the [width, height] into which every image is fitted, aspect kept, in either orientation; null keeps its size. */
  readonly baseSize?: readonly [number, number] | null;
  /** Lists factors on the base size or, without one, on the image's size; [1] by default. Sides are rounded to pixels. */
  readonly scales?: readonly number[];
  /** Adds the mirror image of every scale, left to right. */
  readonly flip?: boolean;
}

/** Describes one forward pass over the images. */
interface Pass {
  readonly scale: number;
  readonly mirrored: boolean;
}

/**
 * Returns the logits of one forward pass, or the logarithm of the mean probability of several, whose softmax is that mean.
 * @param images at least one, all of one size
 * @returns float32 [N, classes, H, W] on the device, owned by the caller's scope
 */
export function inferLogits(
  model: SegmentationModel,
  images: readonly DecodedImage[],
  options: InferenceOptions = {},
): Tensor {
  return tidy(() =>
    noGrad(() => {
      const { passes, runPass } = preparePasses(model, images, options);
      if (passes.length === 1) return runPass(passes[0] as Pass).to({ dtype: 'float32' });
      return summedProbability(passes, runPass).div_(passes.length).clamp_({ min: smallest }).log();
    }),
  );
}

/**
 * Returns the most likely class of every pixel.
 * @param images at least one, all of one size
 * @returns int64 [N, H, W] on the device, owned by the caller's scope
 */
export function inferLabels(
  model: SegmentationModel,
  images: readonly DecodedImage[],
  options: InferenceOptions = {},
): Tensor {
  return tidy(() =>
    noGrad(() => {
      const { input, passes, runPass, labelsDirectly } = preparePasses(model, images, options);
      const stock = () => {
        // Softmax keeps the order of the classes, so a single pass needs none.
        const scores = passes.length === 1 ? runPass(passes[0] as Pass) : summedProbability(passes, runPass);
        return scores.argmax(1);
      };
      return selectKernel('resizeArgmax', {
        inputs: [input],
        when: labelsDirectly !== null,
        kernels: options.kernels,
        fused: labelsDirectly ?? stock,
        stock,
      });
    }),
  );
}

/** Gives the smallest normal float32, because a probability of 0 has no finite logarithm. */
const smallest = 2 ** -126;

function summedProbability(passes: readonly Pass[], runPass: (pass: Pass) => Tensor): Tensor {
  using work = scope();
  let sum: Tensor | null = null;
  for (const pass of passes) {
    using step = scope();
    const probability = runPass(pass).to({ dtype: 'float32' }).softmax(1);
    if (sum === null) sum = step.keep(probability);
    else sum.add_(probability);
  }
  return work.keep(sum as Tensor);
}

/**
 * Returns the forward passes over the images, and `runPass`, which returns the logits of one at the images' size.
 * `labelsDirectly` predicts labels without logits of that size; it is null unless whole images are predicted in a single
 * pass at their own size.
 */
function preparePasses(
  model: SegmentationModel,
  images: readonly DecodedImage[],
  options: InferenceOptions,
): { input: Tensor; passes: Pass[]; runPass: (pass: Pass) => Tensor; labelsDirectly: (() => Tensor) | null } {
  const { device = 'cpu', window = null } = options;
  const { baseSize = null, scales = [1], flip = false } = options;
  if (scales.length === 0) throw new RangeError('inference: expected at least one scale, received none');
  const { width, height } = images[0] as DecodedImage;
  const input = normalizedNCHW(images, options.normalization ?? imageNetNormalization).to({
    device,
    memoryFormat: 'channels-last',
  });
  const mixed = resolvePrecision(options.precision ?? 'auto', options.device ?? 'cpu') === 'bfloat16';
  const inPrecision = (body: () => Tensor) =>
    mixed ? autocast({ device, dtype: 'bfloat16' }, body) : body();
  const forward = (inputNCHW: Tensor) => inPrecision(() => model.forward(inputNCHW).logitsNCHW);
  const runPass = ({ scale, mirrored }: Pass) =>
    tidy(() => {
      const resized = resizedTo(input, sizeOfPass({ width, height }, { baseSize, scale }));
      const passInput = mirrored ? ops.flip(resized, [3]) : resized;
      const logits =
        window === null ? forward(passInput) : slideLogits(passInput, { window, forward, device });
      const upright = mirrored ? ops.flip(logits, [3]) : logits;
      return resizedTo(upright, { width, height });
    });
  const passes = scales.flatMap((scale) =>
    (flip ? [false, true] : [false]).map((mirrored) => ({ scale, mirrored })),
  );
  const ownSize =
    passes.length === 1 &&
    sameSize(sizeOfPass({ width, height }, { baseSize, scale: scales[0] ?? 1 }), { width, height });
  const direct = window === null && ownSize && model.forwardLogits !== undefined;
  const labelsDirectly = () =>
    ops.resizeArgmax(
      inPrecision(() => model.forwardLogits?.(input).logitsNCHW ?? forward(input)),
      [height, width],
    );
  return { input, passes, runPass, labelsDirectly: direct ? labelsDirectly : null };
}

function sameSize(one: Size, other: Size): boolean {
  return one.width === other.width && one.height === other.height;
}

/** Returns the maps at a size, which is the argument itself when it has that size already. */
function resizedTo(inputNCHW: Tensor, { width, height }: Size): Tensor {
  return resizeBilinear(inputNCHW, [height, width]);
}

/** Returns the image's size in a pass. A base size is scaled and cut to whole pixels first, as in mmcv and in training. */
function sizeOfPass(
  { width, height }: Size,
  { baseSize, scale }: { readonly baseSize: readonly [number, number] | null; readonly scale: number },
): Size {
  const scaled = (length: number) => Math.max(1, Math.round(length * scale));
  if (baseSize === null) return { width: scaled(width), height: scaled(height) };
  const [baseWidth, baseHeight] = baseSize;
  return scaledToFit({ width, height }, [Math.floor(baseWidth * scale), Math.floor(baseHeight * scale)]);
}

/** Returns the network's input, float32 [N, channels, H, W] on the CPU, with the normalization of training. */
function normalizedNCHW(images: readonly DecodedImage[], normalization: Normalization): Tensor {
  const { width, height } = images[0] as DecodedImage;
  const channels = normalization.mean.length;
  const size = channels * width * height;
  const values = new Float32Array(images.length * size);
  for (const [index, { image }] of images.entries()) {
    values.set(normalizeImage(image, { width, height, normalization }), index * size);
  }
  return tensorFrom(values, { dtype: 'float32', shape: [images.length, channels, height, width] });
}
