/** Statistics that a test knows by heart. */

import type { PixelStatistics } from 'coarsely/runs';
import { binCenter, statisticsOf } from '#analysis/pixel-statistics.js';

/** Returns statistics of ten pixels in each of three intervals, with these losses and weights. */
export function statisticsWith(losses: readonly number[], weights: readonly number[]): PixelStatistics {
  const at = [2, 20, 38];
  const spreadOut = (values: readonly number[]) =>
    at.flatMap((bin, place) => new Array<number>(10).fill(values[place] ?? binCenter(bin)));
  return statisticsOf({
    images: 1,
    confidence: Float32Array.from(spreadOut([])),
    losses: Float32Array.from(spreadOut(losses)),
    weights: Float32Array.from(spreadOut(weights)),
    states: new Uint8Array(30),
  });
}
