/**
 * Strides and dilations of the four stages of a ResNet for an output stride. Below 32 the last stages keep their
 * resolution and dilate instead; the first block of a dilated stage has half its dilation (mmsegmentation's
 * `contract_dilation`).
 */

export type OutputStride = 8 | 16 | 32;

export interface StagePlan {
  /** Of the first block; the others have stride 1. */
  readonly stride: number;
  readonly dilation: number;
  readonly firstDilation: number;
}

const plans = {
  8: { strides: [1, 2, 1, 1], dilations: [1, 1, 2, 4] },
  16: { strides: [1, 2, 2, 1], dilations: [1, 1, 1, 2] },
  32: { strides: [1, 2, 2, 2], dilations: [1, 1, 1, 1] },
} as const;

/** The plan of stage 1, 2, 3 or 4. */
export function stagePlan(outputStride: OutputStride, stage: 1 | 2 | 3 | 4): StagePlan {
  const { strides, dilations } = plans[outputStride];
  const index = (stage - 1) as 0 | 1 | 2 | 3;
  const dilation = dilations[index];
  return { stride: strides[index], dilation, firstDilation: dilation > 1 ? dilation / 2 : 1 };
}
