/** Turns the normalized images of a batch back into colors, for losses of regions that compare them. */

import type { Normalization } from '../data/index.js';
import { cat, type Tensor, tensorFrom, tidy } from '../torch/index.js';

/**
 * Returns the colors of normalized images [N,channels,H,W] as [N,3,H,W] float32 from 0 to 1: the first three channels, or
 * the first one as gray where there are fewer.
 */
export function colorsOf(imagesNCHW: Tensor, { mean, std }: Normalization): Tensor {
  const count = mean.length < 3 ? 1 : 3;
  const { device } = imagesNCHW;
  return tidy(() => {
    const channelwise = (values: readonly number[]) =>
      tensorFrom(
        values.slice(0, count).map((value) => value / 255),
        { dtype: 'float32', shape: [1, count, 1, 1], device },
      );
    const colors = imagesNCHW.narrow(1, 0, count).mul(channelwise(std)).add(channelwise(mean));
    return count === 3 ? colors : cat([colors, colors, colors], 1);
  });
}
