/**
 * Inference: decoded images in, one class id per pixel out. Whole or by sliding window, at one scale or averaged over
 * several and their mirror images. Images are not padded: the networks here take any size and return logits at that
 * size.
 *
 * The average is of probabilities: at each scale the image is resized (bilinear, half-pixel centers), the logits are
 * resized back to the image's own size, and their softmax joins one running sum. Memory is that sum and one pass.
 *
 * The sizes are those of mmsegmentation's tests where `baseSize` is that of the published config: none for Cityscapes,
 * 2048 × 512 for ADE20K. It resizes 8-bit images and rounds to whole values; here what is resized is normalized
 * already and is not rounded.
 */
import { normalizeImage, type Size } from '../data/index.js';
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

/** `auto` takes bfloat16 on a GPU and where this processor computes it fast, float32 elsewhere. */
export type InferencePrecision = 'auto' | 'float32' | 'bfloat16';

/** A decoded image: `image` is height × width × RGB, 8 bits each. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly image: Uint8Array;
}

/** `inferenceOptions(config)` gives those of a run. */
export interface InferenceOptions {
  /** Where the model is. */
  readonly device?: Device;
  readonly precision?: InferencePrecision;
  /** `fused` computes labels straight from the network's own logits; by default whatever `withKernels` says. */
  readonly kernels?: Kernels;
  /** Windows of this size, at every scale; null takes the whole image at once. */
  readonly window?: SlidingWindow | null;
  /** [width, height] that every image is fitted into, aspect kept, whichever way it lies; null takes its own size. */
  readonly baseSize?: readonly [number, number] | null;
  /** Factors on the base size or, without one, on the image's; at least one. Sides are rounded to whole pixels. */
  readonly scales?: readonly number[];
  /** Every scale also mirrored left to right. */
  readonly flip?: boolean;
}

/** One reading of the images. */
interface Pass {
  readonly scale: number;
  readonly mirrored: boolean;
}

/**
 * Logits of one pass; of several passes the logarithm of their mean probability, whose softmax is that mean.
 *
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
      const { passes, read } = reading(model, images, options);
      if (passes.length === 1) return read(passes[0] as Pass).to({ dtype: 'float32' });
      return summedProbability(passes, read).div_(passes.length).clamp_({ min: smallest }).log();
    }),
  );
}

/** @returns the most likely class of every pixel, int64 [N, H, W] on the device, owned by the caller's scope */
export function inferLabels(
  model: SegmentationModel,
  images: readonly DecodedImage[],
  options: InferenceOptions = {},
): Tensor {
  return tidy(() =>
    noGrad(() => {
      const { input, passes, read, readLabels } = reading(model, images, options);
      const stock = () => {
        // Softmax keeps the order of the classes, so a single pass needs none.
        const scores = passes.length === 1 ? read(passes[0] as Pass) : summedProbability(passes, read);
        return scores.argmax(1);
      };
      return selectKernel('resizeArgmax', {
        inputs: [input],
        when: readLabels !== null,
        kernels: options.kernels,
        fused: readLabels ?? stock,
        stock,
      });
    }),
  );
}

/** The smallest normal float32: a probability of 0 would have no finite logarithm. */
const smallest = 2 ** -126;

function summedProbability(passes: readonly Pass[], read: (pass: Pass) => Tensor): Tensor {
  using work = scope();
  let sum: Tensor | null = null;
  for (const pass of passes) {
    using step = scope();
    const probability = read(pass).to({ dtype: 'float32' }).softmax(1);
    if (sum === null) sum = step.keep(probability);
    else sum.add_(probability);
  }
  return work.keep(sum as Tensor);
}

/**
 * The passes over the images, the function that makes one (logits at the images' size), and the shorter way to labels
 * where there is one: a single pass over whole images at their own size.
 */
function reading(
  model: SegmentationModel,
  images: readonly DecodedImage[],
  options: InferenceOptions,
): { input: Tensor; passes: Pass[]; read: (pass: Pass) => Tensor; readLabels: (() => Tensor) | null } {
  const { device = 'cpu', window = null } = options;
  const { baseSize = null, scales = [1], flip = false } = options;
  if (scales.length === 0) throw new RangeError('inference: expected at least one scale, received none');
  const { width, height } = images[0] as DecodedImage;
  const input = normalizedNCHW(images).to({ device, memoryFormat: 'channels-last' });
  const mixed = resolvePrecision(options.precision ?? 'auto', options.device ?? 'cpu') === 'bfloat16';
  const inPrecision = (body: () => Tensor) =>
    mixed ? autocast({ device, dtype: 'bfloat16' }, body) : body();
  const forward = (inputNCHW: Tensor) => inPrecision(() => model.forward(inputNCHW).logitsNCHW);
  const read = ({ scale, mirrored }: Pass) =>
    tidy(() => {
      const resized = resizedTo(input, sizeOfPass({ width, height }, { baseSize, scale }));
      const seen = mirrored ? ops.flip(resized, [3]) : resized;
      const logits = window === null ? forward(seen) : slideLogits(seen, { window, forward, device });
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
  const readLabels = () =>
    ops.resizeArgmax(
      inPrecision(() => model.forwardLogits?.(input).logitsNCHW ?? forward(input)),
      [height, width],
    );
  return { input, passes, read, readLabels: direct ? readLabels : null };
}

function sameSize(one: Size, other: Size): boolean {
  return one.width === other.width && one.height === other.height;
}

/** The argument itself where it has that size already. */
function resizedTo(inputNCHW: Tensor, { width, height }: Size): Tensor {
  return resizeBilinear(inputNCHW, [height, width]);
}

/** With a base the rule of training's augmentation, mmcv's: limits are cut to whole pixels, then the image fitted. */
function sizeOfPass(
  { width, height }: Size,
  { baseSize, scale }: { readonly baseSize: readonly [number, number] | null; readonly scale: number },
): Size {
  const scaled = (length: number) => Math.max(1, Math.round(length * scale));
  if (baseSize === null) return { width: scaled(width), height: scaled(height) };
  const [baseWidth, baseHeight] = baseSize;
  return scaledToFit({ width, height }, [Math.floor(baseWidth * scale), Math.floor(baseHeight * scale)]);
}

/** RGB bytes to the network's input, with the mean and deviation of training: float32 [N, 3, H, W] on the CPU. */
function normalizedNCHW(images: readonly DecodedImage[]): Tensor {
  const { width, height } = images[0] as DecodedImage;
  const values = new Float32Array(images.length * 3 * width * height);
  for (const [index, { image }] of images.entries()) {
    values.set(normalizeImage(image, { width, height }), index * 3 * width * height);
  }
  return tensorFrom(values, { dtype: 'float32', shape: [images.length, 3, height, width] });
}
