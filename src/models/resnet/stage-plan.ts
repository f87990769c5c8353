/**
 * Chooses strides and dilations of the four stages of a ResNet for an output stride. Below 32 the last stages keep
 * their resolution and dilate instead; the first block of a dilated stage has half its dilation (mmsegmentation's
 * `contract_dilation`).
 */

import { z } from 'zod';

/** Selects the ratio of the image's height to that of the last feature. */
export type OutputStride = 8 | 16 | 32;

/** Accepts an output stride in a config. */
export const outputStrideOption = z
  .literal([8, 16, 32])
  .default(16)
  .describe(
    'Pixels of the image for one pixel of the last feature. 8 costs about four times the work of 16 in the last ' +
      'stages.',
  );

/** Holds the geometry of a stage. */
export interface StagePlan {
  /** Stride of the first block; the others have stride 1. */
  readonly stride: number;
  readonly dilation: number;
  readonly firstDilation: number;
}

const plans = {
  8: { strides: [1, 2, 1, 1], dilations: [1, 1, 2, 4] },
  16: { strides: [1, 2, 2, 1], dilations: [1, 1, 1, 2] },
  32: { strides: [1, 2, 2, 2], dilations: [1, 1, 1, 1] },
} as const;

/** Returns the geometry of stage 1, 2, 3 or 4. */
export function stagePlan(outputStride: OutputStride, stage: 1 | 2 | 3 | 4): StagePlan {
  const { strides, dilations } = plans[outputStride];
  const index = (stage - 1) as 0 | 1 | 2 | 3;
  const dilation = dilations[index];
  return { stride: strides[index], dilation, firstDilation: dilation > 1 ? dilation / 2 : 1 };
}
