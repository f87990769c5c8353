/**
 * Shares what ResNets and ResNeSts have in common: a stem, a pooling, and four stages of residual blocks with the
 * strides and dilations of an output stride.
 */

import { z } from 'zod';
import { MaxPool2d, type Sequential } from '../../nn/index.js';
import { noGrad } from '../../torch/index.js';
import { type FrozenPart, frozenOption, normEvalOption, stageOptions } from '../stages/stage-options.js';
import { type StageOptions, stagePlan } from '../stages/stage-plan.js';
import { StagedBackbone } from '../stages/staged-backbone.js';
import type { BlockStyle, ResidualBlock } from './residual-block.js';

/** Holds the options that all residual backbones have. */
export const residualOptions = {
  ...stageOptions,
  contractDilation: z
    .boolean()
    .default(true)
    .describe(
      "Halves the dilation of the first block of a dilated stage, as mmsegmentation's `contract_dilation`.",
    ),
  style: z
    .enum(['pytorch', 'caffe'])
    .default('pytorch')
    .describe(
      'Where a block of three convolutions halves the size: in the 3×3 convolution, or in the first 1×1 convolution ' +
        'as the original Caffe weights do.',
    ),
  normEval: normEvalOption,
  zeroInitResidual: z
    .boolean()
    .default(true)
    .describe(
      'Starts every block as the identity, with the weight of its last normalization at 0, as mmsegmentation does.',
    ),
  frozen: frozenOption,
};

/** Describes one block by its place in the backbone. */
interface BlockPlace {
  readonly inChannels: number;
  /** Channels inside the block. */
  readonly width: number;
  readonly stride: number;
  readonly dilation: number;
  readonly style: BlockStyle;
}

/** Describes a residual backbone. */
export interface ResidualBackboneParts extends StageOptions {
  readonly stem: Sequential;
  /** Channels of the stem's output. */
  readonly stemChannels: number;
  /** Numbers of blocks of the stages. */
  readonly blocks: readonly [number, number, number, number];
  /** Ratio of the channels of a block's output to its width. */
  readonly expansion: number;
  readonly createBlock: (place: BlockPlace) => ResidualBlock;
  readonly style: BlockStyle;
  readonly normEval: boolean;
  readonly zeroInitResidual: boolean;
  readonly frozen: FrozenPart;
}

const widths = [64, 128, 256, 512] as const;

/** Computes features by four stages of residual blocks. */
export abstract class ResidualBackbone extends StagedBackbone<ResidualBlock> {
  /** Creates the blocks in order, stage by stage, so that draws of initial parameters have a fixed order. */
  constructor(parts: ResidualBackboneParts) {
    const { stemChannels, expansion } = parts;
    const [width1, width2, width3, width4] = widths;
    const channels = [
      width1 * expansion,
      width2 * expansion,
      width3 * expansion,
      width4 * expansion,
    ] as const;
    super({
      ...parts,
      channels,
      pool: new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }),
      stages: [
        createStage(1, stemChannels, parts),
        createStage(2, channels[0], parts),
        createStage(3, channels[1], parts),
        createStage(4, channels[2], parts),
      ],
    });
    if (!parts.zeroInitResidual) return;
    noGrad(() => {
      for (const block of [...this.stage1, ...this.stage2, ...this.stage3, ...this.stage4]) {
        block.lastNorm.weight.zero_();
      }
    });
  }
}

function createStage(
  stage: 1 | 2 | 3 | 4,
  stageChannels: number,
  { blocks, expansion, createBlock, style, ...options }: ResidualBackboneParts,
): ResidualBlock[] {
  const index = (stage - 1) as 0 | 1 | 2 | 3;
  const width = widths[index];
  const { stride, dilation, firstDilation } = stagePlan(options, stage);
  return Array.from({ length: blocks[index] }, (_, block) =>
    block === 0
      ? createBlock({ inChannels: stageChannels, width, stride, dilation: firstDilation, style })
      : createBlock({ inChannels: width * expansion, width, stride: 1, dilation, style }),
  );
}
