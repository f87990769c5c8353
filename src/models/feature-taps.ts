/** Names the features of a backbone that a head can read, and takes them out of what the backbone returns. */

import { ConfigError } from '../errors/index.js';
import type { Tensor } from '../torch/index.js';
import type { Backbone, Features } from './backbone.js';

/** Lists the features of a backbone, finest first. */
export const featureTaps = ['stem', 'stage1', 'stage2', 'stage3', 'stage4'] as const;

/** Names a feature of a backbone: that of the stem at stride 2, or of a stage. */
export type FeatureTap = (typeof featureTaps)[number];

/**
 * Returns the number of channels of a feature.
 *
 * @throws {ConfigError} when the backbone does not give it
 */
export function tapChannels(
  { channels, stemChannels }: Pick<Backbone, 'channels' | 'stemChannels'>,
  tap: FeatureTap,
): number {
  const count = tap === 'stem' ? stemChannels : channels[stageOf(tap)];
  if (count === undefined) {
    throw new ConfigError(
      'model.head.taps: stem: the backbone gives no feature of its stem; leave it out, or take another backbone',
    );
  }
  return count;
}

/** Returns the features of these taps, each [N, channels, H / stride, W / stride]. */
export function tapsOf(features: Features, taps: readonly FeatureTap[]): Tensor[] {
  const all: readonly (Tensor | undefined)[] = features;
  return taps.map((tap) => all[tap === 'stem' ? 4 : stageOf(tap)] as Tensor);
}

function stageOf(tap: Exclude<FeatureTap, 'stem'>): number {
  return featureTaps.indexOf(tap) - 1;
}
