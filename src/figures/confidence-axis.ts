/** Holds what the plots over confidence share: the axis, the places of the intervals, and a histogram of the pixels. */

import { binCenter, binCount } from '../analysis/internal.js';
import { formatPercent } from '../format/index.js';
import type { PixelStatistics } from '../runs/index.js';
import { lightColors } from './palette.js';
import type { Axis, Series } from './plot/plot.js';

/** Describes the horizontal axis of plots over confidence. */
export const confidenceAxis: Axis = {
  label: 'confidence v̂ (−1: a guess, +1: certain)',
  range: [-1, 1],
};

/** Gives the width of one interval in units of v̂. */
export const intervalWidth = 2 / binCount;

/** Lists the middles of the intervals of v̂. */
export const intervalCenters: readonly number[] = Array.from({ length: binCount }, (_, bin) =>
  binCenter(bin),
);

/** Returns the share of the labeled pixels in each interval. */
export function pixelShares({ bins, pixels }: PixelStatistics): number[] {
  return bins.pixels.map((count) => (pixels === 0 ? 0 : count / pixels));
}

/**
 * Returns the distribution of the pixels as bars for the background of a plot. They have no scale of their own: the
 * highest is `height` high, and the legend says what it stands for.
 */
export function pixelBars(
  shares: readonly number[],
  { x = intervalCenters, height }: { readonly x?: readonly number[]; readonly height: number },
): Series {
  const most = Math.max(...shares);
  return {
    label: `pixels (highest bar: ${formatPercent(most, { decimals: 0, sign: true })})`,
    color: lightColors.line,
    x,
    y: shares.map((share) => (share / most) * height),
    mark: 'bars',
    barWidth: intervalWidth,
  };
}
