/** ResNeSts as a config names them: `{ kind: 'resnest101', outputStride: 8, weights: 'resnest101-22405ba7.pth' }`. */
import { z } from 'zod';
import { defineComponent } from '../../registry/index.js';
import type { Backbone, BackboneContext } from '../backbone.js';
import { withWeights } from '../pretrained/load-backbone-weights.js';
import { outputStrideOption, weightsOption, zeroInitResidualOption } from '../resnet/backbone-options.js';
import { ResNeSt, type ResNeStDepth } from './resnest.js';

/** Returns the component of one depth. */
export function resnestComponent(depth: ResNeStDepth) {
  return defineComponent({
    kind: `resnest${depth}`,
    options: z
      .strictObject({
        outputStride: outputStrideOption,
        zeroInitResidual: zeroInitResidualOption,
        weights: weightsOption,
      })
      .describe(`ResNeSt-${depth} (Zhang et al. 2020): split attention with radix 2.`),
    create: ({ weights, ...options }, { generator }: BackboneContext): Backbone =>
      withWeights(new ResNeSt(depth, { ...options, generator }), weights),
  });
}
