/**
 * Implements ResNeSt (Zhang et al. 2020) for dense prediction, as mmsegmentation's `ResNeSt`: V1d (deep stem, pooled
 * shortcuts), radix 2, at output stride 8, 16 or 32. ResNeSt-101 has 46 226 016 parameters: the published ImageNet
 * network's 48 275 016 without the 2 049 000 of its classifier.
 */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../../registry/index.js';
import type { Generator } from '../../torch/index.js';
import type { Backbone, BackboneContext } from '../backbone.js';
import { fileOptions, withWeights } from '../pretrained/load-backbone-weights.js';
import { resnestNames } from '../pretrained/resnest-names.js';
import { resnestArchitectures } from '../resnet/architectures.js';
import { ResidualBackbone, residualOptions } from '../resnet/residual-backbone.js';
import { createDeepStem } from '../resnet/stem.js';
import { SplitAttentionBlock } from './split-attention-block.js';

const schema = z.strictObject(residualOptions);

/** Selects the number of layers. */
export type ResNeStDepth = 50 | 101;

/** Configures `ResNeSt`. */
export interface ResNeStOptions extends z.input<typeof schema> {
  /** Draws the initial parameters. */
  readonly generator: Generator;
  /** Channels of the images; 3 by default. */
  readonly imageChannels?: number | undefined;
}

/** Computes features by a ResNeSt. */
export class ResNeSt extends ResidualBackbone {
  /**
   * Creates the network with parameters drawn from `generator`.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor(depth: ResNeStDepth, { generator, imageChannels, ...options }: ResNeStOptions) {
    const parsed = parseOptions('ResNeSt', schema, options);
    const { blocks, stemChannels } = resnestArchitectures[depth];
    super({
      ...parsed,
      stem: createDeepStem(stemChannels, { generator, imageChannels }),
      stemChannels,
      blocks,
      expansion: SplitAttentionBlock.expansion,
      createBlock: ({ inChannels, width, ...place }) =>
        new SplitAttentionBlock(inChannels, width, { ...place, generator }),
    });
  }

  /** Returns the names in mmsegmentation's and in the authors' weight files. */
  publishedName(name: string): readonly string[] {
    return resnestNames(name);
  }
}

/** Returns the component of one depth. */
export function resnestComponent(depth: ResNeStDepth) {
  return defineComponent({
    kind: `resnest${depth}`,
    options: schema
      .extend(fileOptions)
      .describe(`ResNeSt-${depth} (Zhang et al. 2020): split attention with radix 2.`),
    create: (
      { weights, weightsColors: colors, ...parsed },
      { generator, imageChannels, ...context }: BackboneContext,
    ): Backbone =>
      withWeights(new ResNeSt(depth, { ...parsed, generator, imageChannels }), weights, {
        colors,
        ...context,
      }),
  });
}
