/** ResNets as a config names them: `{ kind: 'resnet50', stem: 'deep', outputStride: 8, weights: 'resnet50_v1c.pth' }`. */
import { z } from 'zod';
import type { Component } from '../../registry/index.js';
import type { Backbone, BackboneContext } from '../backbone.js';
import { withWeights } from '../pretrained/load-backbone-weights.js';
import { outputStrideOption, weightsOption, zeroInitResidualOption } from './backbone-options.js';
import { ResNet, type ResNetDepth } from './resnet.js';
import type { OutputStride } from './stage-plan.js';
import type { ResNetStem } from './stem.js';

export interface ResNetSection {
  readonly stem: ResNetStem;
  readonly outputStride: OutputStride;
  readonly zeroInitResidual: boolean;
  readonly weights: string | null;
}

export function resnetComponent(depth: ResNetDepth): Component<ResNetSection, BackboneContext, Backbone> {
  return {
    options: z.strictObject({
      stem: z.enum(['deep', 'torchvision']).default('deep'),
      outputStride: outputStrideOption,
      zeroInitResidual: zeroInitResidualOption,
      weights: weightsOption,
    }),
    create: ({ weights, ...options }, { generator }) =>
      withWeights(new ResNet(depth, { ...options, generator }), weights),
  };
}
