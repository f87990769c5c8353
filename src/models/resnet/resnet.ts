/**
 * ResNet (He et al. 2016) for dense prediction: mmsegmentation's `ResNetV1c`, or plain with torchvision's stem, at
 * output stride 8, 16 or 32. Convolutions start from He's normal distribution over fan-out, normalisations at 1 and 0.
 */
import { MaxPool2d, Module, type Sequential } from '../../nn/index.js';
import { type Generator, noGrad, type Tensor } from '../../torch/index.js';
import type { Backbone, Features } from '../backbone.js';
import { resnetName } from '../pretrained/resnet-names.js';
import { BasicBlock } from './basic-block.js';
import { BottleneckBlock } from './bottleneck-block.js';
import type { ResidualBlock } from './residual-block.js';
import { type OutputStride, stagePlan } from './stage-plan.js';
import { createStem, type ResNetStem } from './stem.js';

export type ResNetDepth = 18 | 34 | 50 | 101;

export interface ResNetOptions {
  readonly stem?: ResNetStem;
  readonly outputStride?: OutputStride;
  /** Start with every block as the identity (its last normalisation at weight 0), as mmsegmentation does. */
  readonly zeroInitResidual?: boolean;
  readonly generator: Generator;
}

const architectures = {
  18: { Block: BasicBlock, blocks: [2, 2, 2, 2] },
  34: { Block: BasicBlock, blocks: [3, 4, 6, 3] },
  50: { Block: BottleneckBlock, blocks: [3, 4, 6, 3] },
  101: { Block: BottleneckBlock, blocks: [3, 4, 23, 3] },
} as const;

export class ResNet extends Module implements Backbone {
  readonly channels: readonly [number, number, number, number];
  readonly outputStride: OutputStride;
  readonly stem: Sequential;
  readonly pool: MaxPool2d;
  readonly stage1: readonly ResidualBlock[];
  readonly stage2: readonly ResidualBlock[];
  readonly stage3: readonly ResidualBlock[];
  readonly stage4: readonly ResidualBlock[];
  readonly #stemKind: ResNetStem;

  constructor(
    depth: ResNetDepth,
    { stem = 'deep', outputStride = 16, zeroInitResidual = true, generator }: ResNetOptions,
  ) {
    super();
    const { Block, blocks } = architectures[depth];
    const stage = (number: 1 | 2 | 3 | 4, inChannels: number): ResidualBlock[] => {
      const width = 32 * 2 ** number;
      const { stride, dilation, firstDilation } = stagePlan(outputStride, number);
      return Array.from({ length: blocks[(number - 1) as 0 | 1 | 2 | 3] }, (_, index) =>
        index === 0
          ? new Block(inChannels, width, { stride, dilation: firstDilation, generator })
          : new Block(width * Block.expansion, width, { stride: 1, dilation, generator }),
      );
    };
    this.channels = [64, 128, 256, 512].map((width) => width * Block.expansion) as [
      number,
      number,
      number,
      number,
    ];
    this.outputStride = outputStride;
    this.#stemKind = stem;
    this.stem = createStem(stem, { generator });
    this.pool = new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 });
    this.stage1 = stage(1, 64);
    this.stage2 = stage(2, this.channels[0]);
    this.stage3 = stage(3, this.channels[1]);
    this.stage4 = stage(4, this.channels[2]);
    if (zeroInitResidual) {
      noGrad(() => {
        for (const block of [...this.stage1, ...this.stage2, ...this.stage3, ...this.stage4]) {
          block.lastNorm.weight.zero_();
        }
      });
    }
  }

  /** Normalised images [N, 3, H, W] to the features of the four stages. */
  forward(imagesNCHW: Tensor): Features {
    const stage1 = applied(this.stage1, this.pool.forward(this.stem.forward(imagesNCHW)));
    const stage2 = applied(this.stage2, stage1);
    const stage3 = applied(this.stage3, stage2);
    return [stage1, stage2, stage3, applied(this.stage4, stage3)];
  }

  /** The name in torchvision's (stem 'torchvision') or mmsegmentation's (stem 'deep') weight files. */
  publishedName(name: string): string {
    return resnetName(name, this.#stemKind);
  }
}

function applied(blocks: readonly ResidualBlock[], input: Tensor): Tensor {
  return blocks.reduce((value, block) => block.forward(value), input);
}
