/**
 * ResNeSt (Zhang et al. 2020) for dense prediction, as mmsegmentation's `ResNeSt`: V1d (deep stem, pooled shortcuts),
 * radix 2, at output stride 8, 16 or 32. ResNeSt-101 has 46 226 016 parameters: the published ImageNet network's
 * 48 275 016 without the 2 049 000 of its classifier.
 */
import type { Generator } from '../../torch/index.js';
import { resnestNames } from '../pretrained/resnest-names.js';
import { ResidualBackbone } from '../resnet/residual-backbone.js';
import type { OutputStride } from '../resnet/stage-plan.js';
import { createDeepStem } from '../resnet/stem.js';
import { SplitAttentionBlock } from './split-attention-block.js';

export type ResNeStDepth = 50 | 101;

export interface ResNeStOptions {
  readonly outputStride?: OutputStride;
  /** Start with every block as the identity (its last normalization at weight 0), as mmsegmentation does. */
  readonly zeroInitResidual?: boolean;
  readonly generator: Generator;
}

/** Blocks of each stage, and channels of the stem: the published ResNeSt-50 has a stem of half the width. */
export const resnestArchitectures = {
  50: { blocks: [3, 4, 6, 3], stemChannels: 64 },
  101: { blocks: [3, 4, 23, 3], stemChannels: 128 },
} as const;

export class ResNeSt extends ResidualBackbone {
  constructor(
    depth: ResNeStDepth,
    { outputStride = 16, zeroInitResidual = true, generator }: ResNeStOptions,
  ) {
    const { blocks, stemChannels } = resnestArchitectures[depth];
    super({
      stem: createDeepStem(stemChannels, { generator }),
      stemChannels,
      blocks,
      expansion: SplitAttentionBlock.expansion,
      createBlock: ({ inChannels, width, stride, dilation }) =>
        new SplitAttentionBlock(inChannels, width, { stride, dilation, generator }),
      outputStride,
      zeroInitResidual,
    });
  }

  /** The names in mmsegmentation's and in the authors' weight files. */
  publishedName(name: string): readonly string[] {
    return resnestNames(name);
  }
}
