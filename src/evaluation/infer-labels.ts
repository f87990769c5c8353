/**
 * Whole-image inference: decoded images in, one class id per pixel out. Images are not padded: the networks here take
 * any size and return logits at that size, as mmsegmentation's whole-image test does.
 */
import { normaliseImage } from '../data/index.js';
import { autocast, type Device, engine, noGrad, type Tensor, tensorFrom } from '../torch/index.js';
import type { SegmentationModel } from './segmentation-model.js';

/** `auto` takes bfloat16 on a GPU and where this processor computes it fast, float32 elsewhere. */
export type InferencePrecision = 'auto' | 'float32' | 'bfloat16';

/** A decoded image: `image` is height × width × RGB, 8 bits each. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly image: Uint8Array;
}

export interface InferenceOptions {
  /** Where the model is. */
  readonly device?: Device;
  readonly precision?: InferencePrecision;
}

/**
 * @param images at least one, all of one size
 * @returns logits, float32 [N, classes, H, W] on the device, owned by the caller's scope
 */
export function inferLogits(
  model: SegmentationModel,
  images: readonly DecodedImage[],
  options: InferenceOptions = {},
): Tensor {
  return noGrad(() => forward(model, images, options).to({ dtype: 'float32' }));
}

/** @returns the most likely class of every pixel, int64 [N, H, W] on the device, owned by the caller's scope */
export function inferLabels(
  model: SegmentationModel,
  images: readonly DecodedImage[],
  options: InferenceOptions = {},
): Tensor {
  return noGrad(() => forward(model, images, options).argmax(1));
}

/** Logits in the precision they were computed in. */
function forward(
  model: SegmentationModel,
  images: readonly DecodedImage[],
  { device = 'cpu', precision = 'auto' }: InferenceOptions,
): Tensor {
  const input = normalisedNCHW(images).to({ device, memoryFormat: 'channels-last' });
  const mixed = precision === 'auto' ? device !== 'cpu' || engine().bfloat16Fast : precision === 'bfloat16';
  if (!mixed) return model.forward(input).logitsNCHW;
  return autocast({ device, dtype: 'bfloat16' }, () => model.forward(input).logitsNCHW);
}

/** RGB bytes to the network's input, with the mean and deviation of training: float32 [N, 3, H, W] on the CPU. */
export function normalisedNCHW(images: readonly DecodedImage[]): Tensor {
  const { width, height } = images[0] as DecodedImage;
  const values = new Float32Array(images.length * 3 * width * height);
  for (const [index, { image }] of images.entries()) {
    values.set(normaliseImage(image, { width, height }), index * 3 * width * height);
  }
  return tensorFrom(values, { dtype: 'float32', shape: [images.length, 3, height, width] });
}
