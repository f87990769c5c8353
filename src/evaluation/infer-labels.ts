/**
 * Predicts a class for every pixel of decoded images: whole or by sliding window, at one scale or averaged over several
 * scales and their mirror images. Images are not padded, because the networks here take any size and return logits at that
 * size.
 *
 * Probabilities are averaged: at each scale the image is resized (bilinear, half-pixel centers), the logits are resized
 * back to the image's own size, and their softmax is added to a sum, a few rows at a time.
 *
 * Sizes equal those of mmsegmentation's tests when `baseSize` is that of the published config: none for Cityscapes,
 * 2048 × 512 for ADE20K. mmsegmentation resizes 8-bit images and rounds to whole values; here the image is normalized
 * before it is resized, and not rounded.
 */

import type { RowRange } from '../data/index.js';
import type { OpenImage } from '../data/internal.js';
import { empty, noGrad, ops, type Tensor, tidy } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';
import { forwardOf, normalizedRows, openStripes, passViews } from './infer-stripes.js';
import type { DecodedImage, InferenceOptions } from './inference-protocol.js';
import type { PassView } from './normalized-rows.js';
import type { SegmentationModel } from './segmentation-model.js';

/** Gives the smallest normal float32, because a probability of 0 has no finite logarithm. */
const smallest = 2 ** -126;

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
      const { width, height } = images[0] as DecodedImage;
      const { device = 'cpu' } = options;
      const stripes = openStripes(model, images.map(openInMemory), options);
      const shape = [images.length, stripes.classCount, height, width];
      const logitsNCHW = empty(shape, { dtype: 'float32', device });
      stripes.visit(({ scoresNCHW, first, count }) => {
        const several = stripes.passCount > 1;
        logitsNCHW
          .narrow(2, first, count)
          .copy_(several ? scoresNCHW.div(stripes.passCount).clamp_({ min: smallest }).log() : scoresNCHW);
      });
      return logitsNCHW;
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
  return tidy(() => inferIds(model, images.map(openInMemory), options).to({ dtype: 'int64' }));
}

/**
 * Returns the most likely class of every pixel in a byte.
 * @param images at least one, all of one size
 * @returns uint8 [N, H, W] on the device, owned by the caller's scope
 */
export function inferIds(
  model: SegmentationModel,
  images: readonly OpenImage[],
  options: InferenceOptions = {},
): Tensor {
  return tidy(() => {
    const { device = 'cpu' } = options;
    const { width, height } = images[0] as OpenImage;
    const idsNHW = empty([images.length, height, width], { dtype: 'uint8', device });
    inferLabelRows(model, images, {
      ...options,
      visit: ({ labelsNHW, first, count }) => {
        idsNHW.narrow(1, first, count).copy_(labelsNHW);
      },
    });
    return idsNHW;
  });
}

/** Holds the labels of some rows of images. */
interface LabelRows extends RowRange {
  /** Holds class ids, int64 [N, count, W] on the device. It is freed after the call that it is given to. */
  readonly labelsNHW: Tensor;
}

/**
 * Calls `visit` with the most likely class of every pixel, in groups of rows from top to bottom.
 * @param images at least one, all of one size
 */
function inferLabelRows(
  model: SegmentationModel,
  images: readonly OpenImage[],
  { visit, ...options }: InferenceOptions & { readonly visit: (rows: LabelRows) => void },
): void {
  tidy(() =>
    noGrad(() => {
      const labelsNHW = labelsDirectly(model, images, options);
      if (labelsNHW !== null) {
        visit({ first: 0, count: (images[0] as OpenImage).height, labelsNHW });
        return;
      }
      // Softmax keeps the order of the classes, so a single pass needs none.
      openStripes(model, images, options).visit(({ scoresNCHW, ...rows }) =>
        visit({ ...rows, labelsNHW: scoresNCHW.argmax(1) }),
      );
    }),
  );
}

/**
 * Predicts labels without logits of the images' size. Returns null unless whole images are predicted in a single pass at
 * their own size, by a kernel.
 */
function labelsDirectly(
  model: SegmentationModel,
  images: readonly OpenImage[],
  options: InferenceOptions,
): Tensor | null {
  const { window = null, kernels } = options;
  const { width, height } = images[0] as OpenImage;
  const [view, ...others] = passViews({ width, height }, options) as [PassView, ...PassView[]];
  const ownSize = view.size.width === width && view.size.height === height;
  if (others.length > 0 || window !== null || !ownSize || model.forwardLogits === undefined) return null;
  return tidy(() => {
    const inputNCHW = normalizedRows(model, images, options).rows(view, { first: 0, count: height });
    return selectKernel<Tensor | null>('resizeArgmax', {
      inputs: [inputNCHW],
      kernels,
      fused: () => ops.resizeArgmax(forwardOf(model, options)(inputNCHW), [height, width]),
      stock: () => null,
    });
  });
}

/** Gives the rows of an image that is in memory. */
export function openInMemory({ width, height, image }: DecodedImage): OpenImage {
  const rowBytes = image.length / height;
  return {
    width,
    height,
    rows: ({ first, count }) => image.subarray(first * rowBytes, (first + count) * rowBytes),
  };
}
