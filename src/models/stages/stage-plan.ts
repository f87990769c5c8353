/**
 * Chooses strides and dilations of the four stages of a backbone for an output stride. Below 32 the last stages keep
 * their resolution and dilate instead; the first block of a dilated stage has half its dilation (mmsegmentation's
 * `contract_dilation`), unless that is switched off.
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

/** Accepts the dilations of the stages in a config. */
export const dilationsOption = z
  .array(z.int().positive())
  .length(4)
  .nullable()
  .default(null)
  .describe(
    'Dilations of the four stages, as in mmsegmentation. `null` takes those that keep the field of view at the output ' +
      'stride: 1, 1, 2, 4 at 8 and 1, 1, 1, 2 at 16.',
  );

/** Configures `stagePlan`. */
export interface StageOptions {
  readonly outputStride: OutputStride;
  /** Dilations of the four stages; null, the default, takes those of the output stride. */
  readonly dilations?: readonly number[] | null;
  /** Halves the dilation of the first block of a dilated stage; true by default. */
  readonly contractDilation?: boolean;
}

/** Returns the geometry of stage 1, 2, 3 or 4. */
export function stagePlan(
  { outputStride, dilations, contractDilation = true }: StageOptions,
  stage: 1 | 2 | 3 | 4,
): StagePlan {
  const plan = plans[outputStride];
  const index = (stage - 1) as 0 | 1 | 2 | 3;
  const dilation = dilations?.[index] ?? plan.dilations[index];
  const firstDilation = contractDilation && dilation > 1 ? Math.floor(dilation / 2) : dilation;
  return { stride: plan.strides[index], dilation, firstDilation };
}

/** Returns the output stride of four stages with these strides; null when it is none of those known here. */
export function strideOf(strides: readonly number[]): OutputStride | null {
  const found = ([8, 16, 32] as const).find((stride) => String(plans[stride].strides) === String(strides));
  return found ?? null;
}

/** Returns the dilations of the four stages at an output stride. */
export function plannedDilations(outputStride: OutputStride): readonly number[] {
  return plans[outputStride].dilations;
}
