/** Holds the options that all backbones of four stages have. */

import { z } from 'zod';
import { dilationsOption, outputStrideOption } from './stage-plan.js';

/** Names the stages, finest first. */
export const stageNames = ['stage1', 'stage2', 'stage3', 'stage4'] as const;

/** Accepts the options that all backbones of four stages have. */
export const stageOptions = {
  outputStride: outputStrideOption,
  dilations: dilationsOption,
};

/** Accepts whether normalizations learn their statistics. */
export const normEvalOption = z
  .boolean()
  .default(false)
  .describe(
    'Normalizes with the stored statistics also in training, and leaves them as they are, as mmsegmentation does with `norm_eval`.',
  );

/** Accepts the part of a backbone that does not learn. */
export const frozenOption = z
  .literal([false, true, 'stem', ...stageNames])
  .default(false)
  .describe(
    'Part that does not learn and keeps its running statistics: `stem`, all from there to `stage1`, `stage2`, `stage3` ' +
      'or `stage4`, or `true`, the whole backbone.',
  );

/** Selects the part of a backbone that does not learn: everything up to a stage, or all of it. */
export type FrozenPart = z.output<typeof frozenOption>;
