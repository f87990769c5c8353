/** Creates the first convolutions of a ResNet, from the image to half its size. */

import { Sequential } from '../../nn/index.js';
import type { Generator } from '../../torch/index.js';
import { ConvNormRelu } from '../conv-norm-relu.js';

/**
 * Selects the first convolutions: `deep` has three of 3×3, mmsegmentation's V1c; `torchvision` has one of 7×7, so that
 * torchvision's weights load.
 */
export type ResNetStem = 'deep' | 'torchvision';

/** Returns the stem of a ResNet, from [N, 3, H, W] to [N, 64, H / 2, W / 2]. */
export function createStem(kind: ResNetStem, { generator }: { readonly generator: Generator }): Sequential {
  if (kind === 'deep') return createDeepStem(64, { generator });
  return new Sequential(new ConvNormRelu(3, 64, { kernelSize: 7, stride: 2, padding: 3, generator }));
}

/**
 * Returns three 3×3 convolutions, the first two with half the channels, from [N, 3, H, W] to [N, channels, H / 2, W /
 * 2].
 */
export function createDeepStem(
  channels: number,
  { generator }: { readonly generator: Generator },
): Sequential {
  const shared = { kernelSize: 3, padding: 1, generator };
  return new Sequential(
    new ConvNormRelu(3, channels / 2, { ...shared, stride: 2 }),
    new ConvNormRelu(channels / 2, channels / 2, shared),
    new ConvNormRelu(channels / 2, channels, shared),
  );
}
