/** Says in one line that held-out points have got worse, and what follows. */

import type { Config } from '../config/index.js';
import { counted, formatPercent } from '../format/index.js';
import type { HeldOutValues } from '../runs/index.js';
import type { StoppingState } from './stopping-rule.js';

/** Returns the line for the step at which the rule stopped. */
export function stoppedText(
  step: number,
  {
    scores,
    state,
    stopping,
  }: {
    readonly scores: Pick<HeldOutValues, 'mIoU'>;
    readonly state: StoppingState;
    readonly stopping: NonNullable<Config['training']['stopping']>;
  },
): string {
  const what =
    stopping.action === 'end' ? 'the run ends' : 'losses on pixels without a label are off from here on';
  return (
    `step ${step}: held-out points have mIoU ${formatPercent(scores.mIoU)}, after ${formatPercent(state.bestScore)} at step ` +
    `${state.bestStep}, and were worse ${counted(state.worse, 'time')} since; the network is that of step ${state.bestStep} again, and ${what}`
  );
}
