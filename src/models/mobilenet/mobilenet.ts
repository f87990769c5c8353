/**
 * Implements MobileNetV2 (Sandler et al. 2018) and MobileNetV3-Large (Howard et al. 2019) for dense prediction, at
 * output stride 8, 16 or 32. Below 32 the last stages dilate all their filters by the strides that they leave out, as
 * torchvision's and mmsegmentation's MobileNets do. The last 1×1 convolution of MobileNetV2, which belongs to its
 * ImageNet classifier, is left out.
 */

import { z } from 'zod';
import { Sequential } from '../../nn/index.js';
import { defineComponent, parseOptions } from '../../registry/index.js';
import type { Generator } from '../../torch/index.js';
import type { Backbone, BackboneContext } from '../backbone.js';
import { ConvNorm } from '../conv-norm.js';
import { fileOptions, withWeights } from '../pretrained/load-backbone-weights.js';
import { mobileNetNames } from '../pretrained/mobilenet-names.js';
import { frozenOption, normEvalOption, stageOptions } from '../stages/stage-options.js';
import { stagePlan } from '../stages/stage-plan.js';
import { StagedBackbone } from '../stages/staged-backbone.js';
import { type BlockPlan, type MobileNetKind, mobileNetPlan } from './architectures.js';
import { InvertedResidual } from './inverted-residual.js';

const schema = z.strictObject({
  width: z
    .number()
    .min(0.35)
    .max(1.4)
    .default(1)
    .describe(
      'Factor on the numbers of channels, which are then rounded to multiples of 8. torchvision publishes ImageNet ' +
        'weights of width 1 only.',
    ),
  ...stageOptions,
  normEval: normEvalOption,
  frozen: frozenOption,
});

/** Configures `MobileNet`. */
export interface MobileNetOptions extends z.input<typeof schema> {
  /** Draws the initial parameters. */
  readonly generator: Generator;
  /** Channels of the images; 3 by default. */
  readonly imageChannels?: number | undefined;
}

/** Computes features by a MobileNet. */
export class MobileNet extends StagedBackbone<InvertedResidual | ConvNorm> {
  readonly #kind: MobileNetKind;

  /**
   * Creates the network with parameters drawn from `generator`.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor(kind: MobileNetKind, { generator, imageChannels = 3, ...options }: MobileNetOptions) {
    const { width, ...parsed } = parseOptions('MobileNet', schema, options);
    const { firstChannels, activation, stem, stages, lastChannels, epsilon, momentum } = mobileNetPlan(
      kind,
      width,
    );
    const shared = { epsilon, momentum, generator };
    const createBlock = (
      inChannels: number,
      {
        plan,
        stride,
        dilation,
      }: { readonly plan: BlockPlan; readonly stride: number; readonly dilation: number },
    ) => new InvertedResidual({ ...plan, ...shared, inChannels, stride, dilation });

    const stemBlocks = new Sequential(
      new ConvNorm(imageChannels, firstChannels, {
        ...shared,
        kernelSize: 3,
        stride: 2,
        padding: 1,
        activation,
      }),
      createBlock(firstChannels, { plan: stem, stride: 1, dilation: 1 }),
    );
    let inChannels = stem.outChannels;
    const createStage = (stage: 1 | 2 | 3 | 4): (InvertedResidual | ConvNorm)[] => {
      const { stride, dilation } = stagePlan({ ...parsed, contractDilation: false }, stage);
      return (stages[stage - 1] ?? []).map((plan, index) => {
        // Unlike a ResNet's, whose pooling halves the size, the first stage halves it itself.
        const ownStride = index > 0 ? 1 : stage === 1 ? 2 : stride;
        const block = createBlock(inChannels, { plan, stride: ownStride, dilation });
        inChannels = plan.outChannels;
        return block;
      });
    };
    const [first, second, third, fourth] = [createStage(1), createStage(2), createStage(3), createStage(4)];
    if (lastChannels !== null) {
      fourth.push(new ConvNorm(inChannels, lastChannels, { ...shared, kernelSize: 1, activation }));
    }
    const channelsOf = (blocks: readonly BlockPlan[]) => blocks.at(-1)?.outChannels ?? 0;
    super({
      ...parsed,
      stem: stemBlocks,
      stemChannels: stem.outChannels,
      pool: null,
      stages: [first, second, third, fourth],
      channels: [
        channelsOf(stages[0]),
        channelsOf(stages[1]),
        channelsOf(stages[2]),
        lastChannels ?? channelsOf(stages[3]),
      ],
    });
    this.#kind = kind;
  }

  /** Returns the names in torchvision's and, for MobileNetV2, mmsegmentation's weight files. */
  publishedName(name: string): readonly string[] {
    return mobileNetNames(name, this.#kind);
  }
}

const descriptions: Readonly<Record<MobileNetKind, string>> = {
  mobilenet_v2:
    'MobileNetV2 (Sandler et al. 2018), without its last 1×1 convolution, which the classifier reads.',
  mobilenet_v3_large: 'MobileNetV3-Large (Howard et al. 2019), with squeeze and excitation and hard swish.',
};

/** Returns the component of one MobileNet. */
export function mobileNetComponent(kind: MobileNetKind) {
  return defineComponent({
    kind,
    options: schema.extend(fileOptions).describe(descriptions[kind]),
    create: (
      { weights, weightsColors: colors, ...parsed },
      { generator, imageChannels, ...context }: BackboneContext,
    ): Backbone =>
      withWeights(new MobileNet(kind, { ...parsed, generator, imageChannels }), weights, {
        colors,
        ...context,
      }),
  });
}
