/**
 * Shares what ResNets and ResNeSts have in common: a stem, a pooling, and four stages of residual blocks with the
 * strides and dilations of an output stride.
 */

import { z } from 'zod';
import { activationCheckpoint, BatchNorm2d, MaxPool2d, Module, type Sequential } from '../../nn/index.js';
import { noGrad, type Tensor, tidy } from '../../torch/index.js';
import { freeOnThrow } from '../../torch/internal.js';
import type { Backbone, Features } from '../backbone.js';
import type { BlockStyle, ResidualBlock } from './residual-block.js';
import {
  dilationsOption,
  type OutputStride,
  outputStrideOption,
  type StageOptions,
  stagePlan,
} from './stage-plan.js';

const stageNames = ['stage1', 'stage2', 'stage3', 'stage4'] as const;

/** Holds the options that all residual backbones have. */
export const residualOptions = {
  outputStride: outputStrideOption,
  dilations: dilationsOption,
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
  normEval: z
    .boolean()
    .default(false)
    .describe(
      'Normalizes with the stored statistics also in training, and leaves them as they are, as mmsegmentation does with `norm_eval`.',
    ),
  zeroInitResidual: z
    .boolean()
    .default(true)
    .describe(
      'Starts every block as the identity, with the weight of its last normalization at 0, as mmsegmentation does.',
    ),
  frozen: z
    .literal([false, true, 'stem', ...stageNames])
    .default(false)
    .describe(
      'Part that does not learn and keeps its running statistics: `stem`, all from there to `stage1`, `stage2`, `stage3` ' +
        'or `stage4`, or `true`, the whole backbone.',
    ),
};

/** Selects the part of a backbone that does not learn: everything up to a stage, or all of it. */
export type FrozenPart = z.output<typeof residualOptions.frozen>;

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
export abstract class ResidualBackbone extends Module implements Backbone {
  readonly channels: readonly [number, number, number, number];
  readonly outputStride: OutputStride;
  readonly stem: Sequential;
  readonly pool: MaxPool2d;
  readonly stage1: readonly ResidualBlock[];
  readonly stage2: readonly ResidualBlock[];
  readonly stage3: readonly ResidualBlock[];
  readonly stage4: readonly ResidualBlock[];

  /** Creates the blocks in order, stage by stage, so that draws of initial parameters have a fixed order. */
  constructor(parts: ResidualBackboneParts) {
    super();
    const { stem, stemChannels, expansion, outputStride, zeroInitResidual } = parts;
    const [width1, width2, width3, width4] = widths;
    this.channels = [width1 * expansion, width2 * expansion, width3 * expansion, width4 * expansion];
    this.outputStride = outputStride;
    this.stem = stem;
    this.pool = new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 });
    this.stage1 = createStage(1, stemChannels, parts);
    this.stage2 = createStage(2, this.channels[0], parts);
    this.stage3 = createStage(3, this.channels[1], parts);
    this.stage4 = createStage(4, this.channels[2], parts);
    if (parts.normEval)
      for (const part of this.namedModules().values())
        if (part instanceof BatchNorm2d) part.freezeStatistics(true);
    if (zeroInitResidual) {
      noGrad(() => {
        for (const block of [...this.stage1, ...this.stage2, ...this.stage3, ...this.stage4]) {
          block.lastNorm.weight.zero_();
        }
      });
    }
    for (const module of this.#upTo(parts.frozen)) module.freeze();
  }

  /** Returns the modules from the stem to the end of a part. */
  #upTo(part: FrozenPart): readonly Module[] {
    if (part === false) return [];
    const parts: readonly FrozenPart[] = ['stem', ...stageNames];
    const stages = part === true ? stageNames : stageNames.slice(0, parts.indexOf(part));
    return [this.stem, ...stages.flatMap((stage) => this[stage])];
  }

  /** Maps normalized images [N, image channels, H, W] to the features of the four stages. */
  forward(imagesNCHW: Tensor): Features {
    const start = activationCheckpoint((images) => tidy(() => this.pool.forward(this.stem.forward(images))), {
      input: imagesNCHW,
      modules: [this.stem],
    });
    const stage1 = runStage(this.stage1, start);
    const stage2 = runStage(this.stage2, stage1);
    const stage3 = runStage(this.stage3, stage2);
    return [stage1, stage2, stage3, runStage(this.stage4, stage3)];
  }

  abstract publishedName(name: string): string | readonly string[];
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

function runStage(blocks: readonly ResidualBlock[], input: Tensor): Tensor {
  const run = (start: Tensor) =>
    freeOnThrow(() =>
      blocks.reduce((value, block) => {
        const next = block.forward(value);
        // Only the features of a stage are returned; values between its blocks are freed at once.
        if (value !== start) value.dispose();
        return next;
      }, start),
    );
  return activationCheckpoint(run, { input, modules: blocks });
}
