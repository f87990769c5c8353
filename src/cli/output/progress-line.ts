/** Shows progress as one line on a terminal, such as `evaluating 12/101`. */

import { createLogUpdate } from 'log-update';
import { formatDuration } from '../../format/index.js';

/** Says how much is done; the total is null while nobody knows it. */
interface LineProgress {
  readonly done: number;
  readonly total: number | null;
  /** Gives the seconds that are left, where they are known. */
  readonly secondsLeft?: number;
}

/** Shows how much is done; `close` removes the line. */
export interface ProgressLine {
  readonly show: (progress: LineProgress) => void;
  readonly close: () => void;
}

/**
 * Returns a line on stderr, so that stdout holds the result alone. Where stderr is not a terminal, nothing is shown.
 */
export function createProgressLine(activity: string): ProgressLine {
  if (!process.stderr.isTTY) return { show: () => undefined, close: () => undefined };
  const update = createLogUpdate(process.stderr);
  return {
    show: ({ done, total, secondsLeft }) => {
      const left = secondsLeft === undefined ? '' : `, ${formatDuration(secondsLeft)} left`;
      update(`${activity} ${total === null ? done : `${done}/${total}`}${left}`);
    },
    close: () => update.clear(),
  };
}
