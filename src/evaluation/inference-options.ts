/** Turns the `inference` section of a config into the options of inference. */

import type { Config } from '../config/index.js';
import { normalizationOf } from '../config/internal.js';
import type { InferenceOptions } from './inference-protocol.js';
import { inferenceDevice } from './load-model.js';
import type { SlidingWindow } from './sliding-window.js';

/** Returns the inference options of a config, on its device (or the CPU where that does not exist) and in its precision. */
export function inferenceOptions(config: Config): Required<InferenceOptions> {
  const { baseSize, scales, flip } = config.inference;
  return {
    device: inferenceDevice(config),
    precision: config.precision,
    normalization: normalizationOf(config.data),
    kernels: config.kernels,
    window: windowOf(config),
    baseSize,
    scales,
    flip,
  };
}

/** Defaults to the training crop, moved by two thirds of its size, as mmsegmentation moves 769 by 513 pixels. */
function windowOf({ inference, data }: Config): SlidingWindow | null {
  if (inference.mode === 'whole') return null;
  const cropSize = inference.cropSize ?? data.augmentation.cropSize;
  const twoThirds = (length: number) => Math.max(1, Math.round((length * 2) / 3));
  return { cropSize, stride: inference.stride ?? [twoThirds(cropSize[0]), twoThirds(cropSize[1])] };
}
