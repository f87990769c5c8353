/**
 * Lists the blocks of each MobileNet, apart from the networks, so that files of weights can be recognized and named
 * without them. Numbers of channels are those of width 1.
 */

import type { Activation } from '../../nn/index.js';

/** Describes an inverted residual block: 1×1 up, a filter of each channel, 1×1 down. */
export interface BlockPlan {
  readonly kernelSize: number;
  /** Channels of the filters; equal to those of the input, a block has no first convolution. */
  readonly expanded: number;
  readonly outChannels: number;
  /** Scales the filtered channels by what the whole image holds (squeeze and excitation). */
  readonly squeezes: boolean;
  readonly activation: Activation;
}

/** Describes a MobileNet at one width. */
export interface MobileNetPlan {
  /** Channels of the first convolution. */
  readonly firstChannels: number;
  /** Activation of the first and the last convolution. */
  readonly activation: Activation;
  /** The block of the stem, which keeps its size. */
  readonly stem: BlockPlan;
  /** Blocks of the four stages; the first block of each halves the size. */
  readonly stages: readonly [
    readonly BlockPlan[],
    readonly BlockPlan[],
    readonly BlockPlan[],
    readonly BlockPlan[],
  ];
  /** Channels of a 1×1 convolution that ends the last stage; null where none does. */
  readonly lastChannels: number | null;
  /** Is added to the variance by normalizations. */
  readonly epsilon: number;
  /** Share of a batch in running statistics. */
  readonly momentum: number;
}

/** Names the MobileNets. */
export type MobileNetKind = 'mobilenet_v2' | 'mobilenet_v3_large';

/** Returns the blocks of a MobileNet whose numbers of channels are multiplied by `width`. */
export function mobileNetPlan(kind: MobileNetKind, width: number): MobileNetPlan {
  return kind === 'mobilenet_v2' ? planV2(width) : planV3Large(width);
}

/**
 * Returns the multiple of 8 next to a number of channels, at least 8, and not more than a tenth below it (torchvision's
 * `_make_divisible`).
 */
export function divisibleChannels(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

/** Holds output channels, and how many blocks have them, of the stages of MobileNetV2 (Sandler et al. 2018, Table 2). */
const stagesV2 = [
  [[24, 2]],
  [[32, 3]],
  [
    [64, 4],
    [96, 3],
  ],
  [
    [160, 3],
    [320, 1],
  ],
] as const;

function planV2(width: number): MobileNetPlan {
  const firstChannels = divisibleChannels(32 * width);
  const shared = { kernelSize: 3, squeezes: false, activation: 'relu6' } as const;
  const stem = { ...shared, expanded: firstChannels, outChannels: divisibleChannels(16 * width) };
  let inChannels = stem.outChannels;
  const planStage = (runs: readonly (readonly [channels: number, count: number])[]): BlockPlan[] =>
    runs.flatMap(([channels, count]) =>
      Array.from({ length: count }, () => {
        const block = {
          ...shared,
          expanded: 6 * inChannels,
          outChannels: divisibleChannels(channels * width),
        };
        inChannels = block.outChannels;
        return block;
      }),
    );
  const [first, second, third, fourth] = stagesV2;
  return {
    firstChannels,
    activation: 'relu6',
    stem,
    stages: [planStage(first), planStage(second), planStage(third), planStage(fourth)],
    lastChannels: null,
    epsilon: 1e-5,
    momentum: 0.1,
  };
}

/** Side of the filter, channels inside and after a block, squeeze and excitation. */
type BlockRow = readonly [kernelSize: number, expanded: number, outChannels: number, squeezes: boolean];

/** Holds the blocks of MobileNetV3-Large (Howard et al. 2019, Table 1), by stage. */
const stagesV3Large = {
  relu: [
    [
      [3, 64, 24, false],
      [3, 72, 24, false],
    ],
    [
      [5, 72, 40, true],
      [5, 120, 40, true],
      [5, 120, 40, true],
    ],
  ],
  hardswish: [
    [
      [3, 240, 80, false],
      [3, 200, 80, false],
      [3, 184, 80, false],
      [3, 184, 80, false],
      [3, 480, 112, true],
      [3, 672, 112, true],
    ],
    [
      [5, 672, 160, true],
      [5, 960, 160, true],
      [5, 960, 160, true],
    ],
  ],
} as const satisfies Record<string, readonly (readonly BlockRow[])[]>;

function planV3Large(width: number): MobileNetPlan {
  const scaled = (channels: number) => divisibleChannels(channels * width);
  const planStage = (rows: readonly BlockRow[], activation: Activation) =>
    rows.map(([kernelSize, expanded, outChannels, squeezes]) => ({
      kernelSize,
      expanded: scaled(expanded),
      outChannels: scaled(outChannels),
      squeezes,
      activation,
    }));
  const { relu, hardswish } = stagesV3Large;
  return {
    firstChannels: scaled(16),
    activation: 'hardswish',
    stem: {
      kernelSize: 3,
      expanded: scaled(16),
      outChannels: scaled(16),
      squeezes: false,
      activation: 'relu',
    },
    stages: [
      planStage(relu[0], 'relu'),
      planStage(relu[1], 'relu'),
      planStage(hardswish[0], 'hardswish'),
      planStage(hardswish[1], 'hardswish'),
    ],
    lastChannels: 6 * scaled(160),
    epsilon: 0.001,
    momentum: 0.01,
  };
}
