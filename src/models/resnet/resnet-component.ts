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
    options: z.strictObject({
      stem: z.enum(['deep', 'torchvision']).default('deep'),
      outputStride: outputStrideOption,
      zeroInitResidual: zeroInitResidualOption,
      weights: weightsOption,
    }),
    create: ({ weights, ...options }, { generator }: BackboneContext): Backbone =>
      withWeights(new ResNet(depth, { ...options, generator }), weights),
  });
}
