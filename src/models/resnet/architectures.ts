/** Lists the blocks of each depth, apart from the networks, so that files of weights can be recognized without them. */

/** Holds the kind of block of each ResNet, and how many of them each stage has. */
export const resnetArchitectures = {
  18: { block: 'basic', blocks: [2, 2, 2, 2] },
  34: { block: 'basic', blocks: [3, 4, 6, 3] },
  50: { block: 'bottleneck', blocks: [3, 4, 6, 3] },
  101: { block: 'bottleneck', blocks: [3, 4, 23, 3] },
} as const;

/**
 * Holds the blocks of each stage of a ResNeSt, and the channels of its stem; the published ResNeSt-50 has a stem of half
 * the width.
 */
export const resnestArchitectures = {
  50: { blocks: [3, 4, 6, 3], stemChannels: 64 },
  101: { blocks: [3, 4, 23, 3], stemChannels: 128 },
} as const;
