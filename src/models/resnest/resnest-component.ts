/** ResNeSts as a config names them: `{ kind: 'resnest101', outputStride: 8, weights: 'resnest101-22405ba7.pth' }`. */
import { z } from 'zod';
import type { Component } from '../../registry/index.js';
import type { Backbone, BackboneContext } from '../backbone.js';
import { withWeights } from '../pretrained/load-backbone-weights.js';
import { outputStrideOption, weightsOption, zeroInitResidualOption } from '../resnet/backbone-options.js';
import type { OutputStride } from '../resnet/stage-plan.js';
import { ResNeSt, type ResNeStDepth } from './resnest.js';

export interface ResNeStSection {
  readonly outputStride: OutputStride;
  readonly zeroInitResidual: boolean;
  readonly weights: string | null;
}

export function resnestComponent(depth: ResNeStDepth): Component<ResNeStSection, BackboneContext, Backbone> {
  return {
    options: z.strictObject({
      outputStride: outputStrideOption,
      zeroInitResidual: zeroInitResidualOption,
      weights: weightsOption,
    }),
    create: ({ weights, ...options }, { generator }) =>
      withWeights(new ResNeSt(depth, { ...options, generator }), weights),
  };
}
