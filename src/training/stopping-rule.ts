/**
 * Decides by scores of held-out points when learning has begun to do harm. It holds numbers alone, so that a checkpoint can
 * keep it.
 */

import { OperationError } from '../errors/index.js';

/** Configures `StoppingRule`, as `training.stopping` of a config does. */
export interface StoppingRuleOptions {
  /** Counts the scores in a row that may be worse than the best one; at the last of them the rule stops. */
  readonly patience: number;
  /** Is the difference to the best score up to which a score counts as no worse. */
  readonly tolerance: number;
}

/**
 * Says what a score means: it is the `best` so far, `even` with it up to the tolerance, `worse`, or the last of so many worse
 * ones that the rule says `stop`.
 */
export type StoppingVerdict = 'best' | 'even' | 'worse' | 'stop';

/** Holds the state of a rule as numbers. */
export interface StoppingState {
  /** Gives the best score; null before the first one. */
  readonly bestScore: number | null;
  /** Gives the step of the best score; null before the first one. */
  readonly bestStep: number | null;
  /** Counts the worse scores since the best one. */
  readonly worse: number;
  /** Gives the step at which the rule stopped; null as long as it has not. */
  readonly stoppedAt: number | null;
}

/** Follows scores, of which higher ones are better. */
export class StoppingRule {
  readonly #options: StoppingRuleOptions;
  #state: StoppingState = { bestScore: null, bestStep: null, worse: 0, stoppedAt: null };

  /** @throws {OperationError} when patience is no whole number of at least 1, or tolerance is negative */
  constructor(options: StoppingRuleOptions) {
    const { patience, tolerance } = options;
    if (!Number.isInteger(patience) || patience < 1) {
      throw new OperationError(`StoppingRule: expected a patience of at least 1, received ${patience}`);
    }
    if (!(tolerance >= 0)) {
      throw new OperationError(`StoppingRule: expected a tolerance of at least 0, received ${tolerance}`);
    }
    this.#options = options;
  }

  /** Returns the state, from which `restore` goes on. */
  get state(): StoppingState {
    return this.#state;
  }

  /** Goes on from the state of another rule. */
  restore(state: StoppingState): void {
    this.#state = state;
  }

  /**
   * Takes the score at a step and says what it means. Of equal scores the later one is the best, as it has learned more. A
   * score that is null, as of no points, changes nothing. A rule that has stopped takes no further scores.
   * @throws {OperationError} when the rule has stopped
   */
  observe(step: number, score: number | null): StoppingVerdict {
    const { bestScore, stoppedAt, worse } = this.#state;
    if (stoppedAt !== null) {
      throw new OperationError(
        `StoppingRule.observe: the rule stopped at step ${stoppedAt} and takes no score of step ${step}`,
      );
    }
    if (score === null) return 'even';
    if (bestScore === null || score >= bestScore) {
      this.#state = { bestScore: score, bestStep: step, worse: 0, stoppedAt: null };
      return 'best';
    }
    if (bestScore - score <= this.#options.tolerance) return 'even';
    const stops = worse + 1 >= this.#options.patience;
    this.#state = { ...this.#state, worse: worse + 1, stoppedAt: stops ? step : null };
    return stops ? 'stop' : 'worse';
  }
}

/** Returns the state of a rule as four numbers, with NaN for null, as a tensor can hold them. */
export function numbersOfState({ bestScore, bestStep, worse, stoppedAt }: StoppingState): number[] {
  return [bestScore ?? Number.NaN, bestStep ?? Number.NaN, worse, stoppedAt ?? Number.NaN];
}

/** Returns the state that `numbersOfState` has turned into numbers. */
export function stateOfNumbers(numbers: readonly number[]): StoppingState {
  const at = (place: number): number | null => {
    const value = numbers[place] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  };
  return { bestScore: at(0), bestStep: at(1), worse: at(2) ?? 0, stoppedAt: at(3) };
}
