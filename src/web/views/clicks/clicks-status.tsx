/** Says what the head has learned so far, and how far it is before the first question. */

import type { InferResponseType } from 'hono/client';
import type { api } from '../../api.js';

/** Is what the server says about the questions. */
export type ShownClicks = InferResponseType<typeof api.clicks.$get, 200>;

/** Configures `ClicksStatus`. */
export interface ClicksStatusOptions {
  readonly clicks: ShownClicks;
  readonly onStart: () => void;
}

const parts: Readonly<Record<string, string>> = {
  features: 'Computing features of the images',
  'held-back': 'Computing features of the held-back images',
  training: 'Training on the labels of the dataset',
};

/** Shows the state in a live region. */
export function ClicksStatus({ clicks, onStart }: ClicksStatusOptions) {
  const {
    phase,
    error,
    progress,
    notices,
    head,
    isLearning,
    answers,
    waiting,
    answersPerTraining,
    meanSeconds,
  } = clicks;
  return (
    <div class="clicks-status">
      {phase === 'failed' && (
        <p role="alert">
          {error}{' '}
          <button type="button" onClick={onStart}>
            Try again
          </button>
        </p>
      )}
      {phase === 'preparing' && (
        <p role="status">
          {progress === null ? 'Starting …' : `${parts[progress.part] ?? progress.part}: `}
          {progress !== null && (
            <>
              <progress max={progress.total} value={progress.done} aria-label="Preparation" /> {progress.done}{' '}
              of {progress.total}
            </>
          )}
        </p>
      )}
      <p role="status" class="clicks-facts">
        <span>
          <b>{answers}</b> answers{meanSeconds !== null && `, ${meanSeconds.toFixed(1)} s each`}
        </span>
        {head !== null && (
          <>
            <span>
              {isLearning ? 'learning …' : `learns in ${Math.max(0, answersPerTraining - waiting)} answers`}
            </span>
            {head.score !== null && (
              <span>
                held-back mIoU <b>{percent(head.score)}</b>
                {head.firstScore !== null && ` (${percent(head.firstScore)} before the answers)`}
              </span>
            )}
          </>
        )}
      </p>
      {notices.map((notice) => (
        <p key={notice} class="clicks-notice">
          {notice}
        </p>
      ))}
    </div>
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
