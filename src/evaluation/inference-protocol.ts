/** Describes how a network predicts an image: at which sizes, whole or by windows, and in which numbers. */

import type { Normalization } from '../data/index.js';
import type { Device, Kernels } from '../torch/index.js';
import type { SlidingWindow } from './sliding-window.js';

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
  /** Normalizes the channels as in training; by default as the model says, or else ImageNet's. */
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
