/** ResNets as a config names them: `{ kind: 'resnet50', stem: 'deep', outputStride: 8, weights: 'resnet50_v1c.pth' }`. */
import { z } from 'zod';
import type { Component } from '../../registry/index.js';
import type { Backbone, BackboneContext } from '../backbone.js';
import { loadBackboneWeights } from '../pretrained/load-backbone-weights.js';
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
      outputStride: z.union([z.literal(8), z.literal(16), z.literal(32)]).default(16),
      zeroInitResidual: z.boolean().default(true),
      /** A file of ImageNet weights (.pth, .pt or .safetensors); null starts from random values. */
      weights: z.string().nullable().default(null),
    }),
    create: ({ weights, ...options }, { generator }) => {
      const backbone = new ResNet(depth, { ...options, generator });
      try {
        if (weights !== null) loadBackboneWeights(backbone, weights);
      } catch (error) {
        backbone.dispose();
        throw error;
      }
      return backbone;
    },
  };
}
