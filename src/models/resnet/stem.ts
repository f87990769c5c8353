/** The first convolutions of a ResNet, from the image to half its size with 64 channels. */
import { Sequential } from '../../nn/index.js';
import type { Generator } from '../../torch/index.js';
import { ConvNormRelu } from '../conv-norm-relu.js';

/** 'deep': three 3×3 convolutions, mmsegmentation's V1c. 'torchvision': one of 7×7, so that its weights load. */
export type ResNetStem = 'deep' | 'torchvision';

/** [N, 3, H, W] to [N, 64, H / 2, W / 2]. */
export function createStem(kind: ResNetStem, { generator }: { readonly generator: Generator }): Sequential {
  if (kind === 'torchvision') {
    return new Sequential(new ConvNormRelu(3, 64, { kernelSize: 7, stride: 2, padding: 3, generator }));
  }
  const shared = { kernelSize: 3, padding: 1, generator };
  return new Sequential(
    new ConvNormRelu(3, 32, { ...shared, stride: 2 }),
    new ConvNormRelu(32, 32, shared),
    new ConvNormRelu(32, 64, shared),
  );
}
