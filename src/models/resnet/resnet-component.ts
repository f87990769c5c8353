/** ResNets as a config names them: `{ kind: 'resnet50', stem: 'deep', outputStride: 8, weights: 'resnet50_v1c.pth' }`. */
import { z } from 'zod';
import { defineComponent } from '../../registry/index.js';
import type { Backbone, BackboneContext } from '../backbone.js';
import { withWeights } from '../pretrained/load-backbone-weights.js';
import { outputStrideOption, weightsOption, zeroInitResidualOption } from './backbone-options.js';
import { ResNet, type ResNetDepth } from './resnet.js';

/** Returns the component of one depth. */
export function resnetComponent(depth: ResNetDepth) {
  return defineComponent({
    kind: `resnet${depth}`,
    options: z
      .strictObject({
        stem: z
          .enum(['deep', 'torchvision'])
          .default('deep')
          .describe(
            "`deep` has three 3×3 convolutions (mmsegmentation's V1c), `torchvision` one of 7×7, so " +
              "that torchvision's weights load.",
          ),
        outputStride: outputStrideOption,
        zeroInitResidual: zeroInitResidualOption,
        weights: weightsOption,
      })
      .describe(`ResNet-${depth} (He et al. 2016).`),
    create: ({ weights, ...options }, { generator }: BackboneContext): Backbone =>
      withWeights(new ResNet(depth, { ...options, generator }), weights),
  });
}
