/** Creates the first convolutions of a ResNet, from the image to half its size. */

import { Sequential } from '../../nn/index.js';
import type { Generator } from '../../torch/index.js';
import { ConvNormRelu } from '../conv-norm-relu.js';

/**
 * Selects the first convolutions: `deep` has three of 3×3, mmsegmentation's V1c; `torchvision` has one of 7×7, so that
 * torchvision's weights load.
 */
export type ResNetStem = 'deep' | 'torchvision';

/** Configures a stem. */
export interface StemOptions {
  readonly generator: Generator;
  /** Channels of the images; 3 by default. */
  readonly imageChannels?: number | undefined;
}

/** Returns the stem of a ResNet, from [N, image channels, H, W] to [N, 64, H / 2, W / 2]. */
export function createStem(kind: ResNetStem, { generator, imageChannels = 3 }: StemOptions): Sequential {
  if (kind === 'deep') return createDeepStem(64, { generator, imageChannels });
  return new Sequential(
    new ConvNormRelu(imageChannels, 64, { kernelSize: 7, stride: 2, padding: 3, generator }),
  );
}

/**
 * Returns three 3×3 convolutions, the first two with half the channels, from [N, image channels, H, W] to [N, channels,
 * H / 2, W / 2].
 */
export function createDeepStem(channels: number, { generator, imageChannels = 3 }: StemOptions): Sequential {
  const shared = { kernelSize: 3, padding: 1, generator };
  return new Sequential(
    new ConvNormRelu(imageChannels, channels / 2, { ...shared, stride: 2 }),
    new ConvNormRelu(channels / 2, channels / 2, shared),
    new ConvNormRelu(channels / 2, channels, shared),
  );
}
