/**
 * Implements ResNet (He et al. 2016) for dense prediction: mmsegmentation's `ResNetV1c`, or plain with torchvision's
 * stem, at output stride 8, 16 or 32. Convolutions are initialized from He's normal distribution over fan-out,
 * normalizations to 1 and 0.
 */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../../registry/index.js';
import type { Generator } from '../../torch/index.js';
import type { Backbone, BackboneContext } from '../backbone.js';
import { fileOptions, withWeights } from '../pretrained/load-backbone-weights.js';
import { resnetName } from '../pretrained/resnet-names.js';
import { resnetArchitectures } from './architectures.js';
import { BasicBlock } from './basic-block.js';
import { BottleneckBlock } from './bottleneck-block.js';
import { ResidualBackbone, residualOptions } from './residual-backbone.js';
import { createStem, type ResNetStem } from './stem.js';

const schema = z.strictObject({
  stem: z
    .enum(['deep', 'torchvision'])
    .default('deep')
    .describe(
      "`deep` has three 3×3 convolutions (mmsegmentation's V1c), `torchvision` one of 7×7, so " +
        "that torchvision's weights load.",
    ),
  ...residualOptions,
});

/** Selects the number of layers. */
export type ResNetDepth = 18 | 34 | 50 | 101;

/** Configures `ResNet`. */
export interface ResNetOptions extends z.input<typeof schema> {
  /** Draws the initial parameters. */
  readonly generator: Generator;
  /** Channels of the images; 3 by default. */
  readonly imageChannels?: number | undefined;
}

const blockClasses = { basic: BasicBlock, bottleneck: BottleneckBlock } as const;

/** Computes features by a ResNet. */
export class ResNet extends ResidualBackbone {
  readonly #stem: ResNetStem;

  /**
   * Creates the network with parameters drawn from `generator`.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor(depth: ResNetDepth, { generator, imageChannels, ...options }: ResNetOptions) {
    const { stem, ...parsed } = parseOptions('ResNet', schema, options);
    const { block, blocks } = resnetArchitectures[depth];
    const Block = blockClasses[block];
    super({
      ...parsed,
      stem: createStem(stem, { generator, imageChannels }),
      stemChannels: 64,
      blocks,
      expansion: Block.expansion,
      createBlock: ({ inChannels, width, ...place }) => new Block(inChannels, width, { ...place, generator }),
    });
    this.#stem = stem;
  }

  /** Returns the name in torchvision's (stem `torchvision`) or mmsegmentation's (stem `deep`) weight files. */
  publishedName(name: string): string {
    return resnetName(name, this.#stem);
  }
}

/** Returns the component of one depth. */
export function resnetComponent(depth: ResNetDepth) {
  return defineComponent({
    kind: `resnet${depth}`,
    options: schema.extend(fileOptions).describe(`ResNet-${depth} (He et al. 2016).`),
    create: (
      { weights, weightsColors: colors, ...parsed },
      { generator, imageChannels, ...context }: BackboneContext,
    ): Backbone =>
      withWeights(new ResNet(depth, { ...parsed, generator, imageChannels }), weights, {
        colors,
        ...context,
      }),
  });
}
