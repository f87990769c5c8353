/**
 * ResNet (He et al. 2016) for dense prediction: mmsegmentation's `ResNetV1c`, or plain with torchvision's stem, at
 * output stride 8, 16 or 32. Convolutions start from He's normal distribution over fan-out, normalizations at 1 and 0.
 */
import type { Generator } from '../../torch/index.js';
import { resnetName } from '../pretrained/resnet-names.js';
import { BasicBlock } from './basic-block.js';
import { BottleneckBlock } from './bottleneck-block.js';
import { ResidualBackbone } from './residual-backbone.js';
import type { OutputStride } from './stage-plan.js';
import { createStem, type ResNetStem } from './stem.js';

export type ResNetDepth = 18 | 34 | 50 | 101;

export interface ResNetOptions {
  readonly stem?: ResNetStem;
  readonly outputStride?: OutputStride;
  /** Start with every block as the identity (its last normalization at weight 0), as mmsegmentation does. */
  readonly zeroInitResidual?: boolean;
  readonly generator: Generator;
}

/** The block and how many of it each stage has. */
export const resnetArchitectures = {
  18: { Block: BasicBlock, blocks: [2, 2, 2, 2] },
  34: { Block: BasicBlock, blocks: [3, 4, 6, 3] },
  50: { Block: BottleneckBlock, blocks: [3, 4, 6, 3] },
  101: { Block: BottleneckBlock, blocks: [3, 4, 23, 3] },
} as const;

export class ResNet extends ResidualBackbone {
  readonly #stemKind: ResNetStem;

  constructor(
    depth: ResNetDepth,
    { stem = 'deep', outputStride = 16, zeroInitResidual = true, generator }: ResNetOptions,
  ) {
    const { Block, blocks } = resnetArchitectures[depth];
    super({
      stem: createStem(stem, { generator }),
      stemChannels: 64,
      blocks,
      expansion: Block.expansion,
      createBlock: ({ inChannels, width, stride, dilation }) =>
        new Block(inChannels, width, { stride, dilation, generator }),
      outputStride,
      zeroInitResidual,
    });
    this.#stemKind = stem;
  }

  /** The name in torchvision's (stem 'torchvision') or mmsegmentation's (stem 'deep') weight files. */
  publishedName(name: string): string {
    return resnetName(name, this.#stemKind);
  }
}
