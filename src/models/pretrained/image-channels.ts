/** Makes the first convolution of a network for RGB fit images of another number of channels. */

import { cat, type Tensor } from '../../torch/index.js';

/**
 * Returns the weights [out, channels, height, width] for a shape: themselves when it is theirs already. Weights over red,
 * green and blue are made to fit images of other channels: the first three channels keep their weights, and every further
 * one begins with the mean of the three. For one or two channels the first begins with their sum, so that a gray image gives
 * what the same image in RGB gave. Returns null when the shapes differ in another way.
 */
export function withImageChannels(weights: Tensor, shape: readonly number[]): Tensor | null {
  if (String(weights.shape) === String(shape)) return weights;
  const [out, channels = 0, height, width] = shape;
  if (shape.length !== 4 || String(weights.shape) !== String([out, 3, height, width])) return null;
  const further = (count: number): Tensor[] =>
    count === 0
      ? []
      : [weights.mean(1, { keepDim: true }).expand([out ?? 0, count, height ?? 0, width ?? 0])];
  if (channels < 3) return cat([weights.sum(1, { keepDim: true }), ...further(channels - 1)], 1);
  return cat([weights, ...further(channels - 3)], 1);
}
