/** Follows made-up curves of scores whose stop is known. */

import { describe, expect, it } from 'vitest';
import {
  numbersOfState,
  StoppingRule,
  type StoppingVerdict,
  stateOfNumbers,
} from '#training/stopping-rule.js';

/** Feeds a rule scores of steps 10, 20, … until it stops. */
function follow(
  scores: readonly (number | null)[],
  { patience = 3, tolerance = 0 } = {},
): { readonly verdicts: StoppingVerdict[]; readonly rule: StoppingRule } {
  const rule = new StoppingRule({ patience, tolerance });
  const verdicts: StoppingVerdict[] = [];
  for (const [place, score] of scores.entries()) {
    verdicts.push(rule.observe(10 * (place + 1), score));
    if (verdicts.at(-1) === 'stop') break;
  }
  return { verdicts, rule };
}

describe('a rule', () => {
  it('never stops on a curve that rises', () => {
    const { verdicts, rule } = follow([0.1, 0.2, 0.3, 0.35, 0.36]);
    expect(verdicts).toEqual(['best', 'best', 'best', 'best', 'best']);
    expect(rule.state).toEqual({ bestScore: 0.36, bestStep: 50, worse: 0, stoppedAt: null });
  });

  it('stops at the third score in a row that is worse, and names the best step', () => {
    const { verdicts, rule } = follow([0.3, 0.5, 0.45, 0.4, 0.35, 0.9]);
    expect(verdicts).toEqual(['best', 'best', 'worse', 'worse', 'stop']);
    expect(rule.state).toEqual({ bestScore: 0.5, bestStep: 20, worse: 3, stoppedAt: 50 });
  });

  it('counts anew after a better score', () => {
    const { verdicts } = follow([0.5, 0.4, 0.4, 0.6, 0.5, 0.5, 0.5]);
    expect(verdicts).toEqual(['best', 'worse', 'worse', 'best', 'worse', 'worse', 'stop']);
  });

  it('takes the later of two equal scores, so that a flat curve never stops', () => {
    const { verdicts, rule } = follow([0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(verdicts).toEqual(['best', 'best', 'best', 'best', 'best']);
    expect(rule.state.bestStep).toBe(50);
  });

  it('takes a score within the tolerance as no worse, without forgetting the worse ones', () => {
    const { verdicts } = follow([0.5, 0.4, 0.496, 0.4, 0.497, 0.4], { tolerance: 0.005 });
    expect(verdicts).toEqual(['best', 'worse', 'even', 'worse', 'even', 'stop']);
    expect(follow([0.5, 0.496, 0.497, 0.4955, 0.496], { tolerance: 0.005 }).verdicts.slice(1)).toEqual([
      'even',
      'even',
      'even',
      'even',
    ]);
  });

  it('stops at once with a patience of 1', () => {
    expect(follow([0.5, 0.49], { patience: 1 }).verdicts).toEqual(['best', 'stop']);
  });

  it('ignores a score that does not exist', () => {
    const { verdicts, rule } = follow([null, 0.5, null, 0.4, null, 0.3], { patience: 2 });
    expect(verdicts).toEqual(['even', 'best', 'even', 'worse', 'even', 'stop']);
    expect(rule.state.bestStep).toBe(20);
  });

  it('refuses scores after it has stopped, and options out of range', () => {
    const { rule } = follow([0.5, 0.4], { patience: 1 });
    expect(() => rule.observe(30, 0.9)).toThrow(/stopped at step 20 and takes no score of step 30/);
    expect(() => new StoppingRule({ patience: 0, tolerance: 0 })).toThrow(
      /patience of at least 1, received 0/,
    );
    expect(() => new StoppingRule({ patience: 1, tolerance: -1 })).toThrow(/tolerance of at least 0/);
  });

  it('goes on from its numbers as if it had not been interrupted, wherever that is', () => {
    const scores = [null, 0.3, 0.5, 0.45, 0.5, 0.4, 0.497, 0.3, 0.2];
    const options = { patience: 3, tolerance: 0.005 };
    const whole = follow(scores, options);
    for (let cut = 0; cut < scores.length; cut++) {
      const first = follow(scores.slice(0, cut), options).rule;
      const second = new StoppingRule(options);
      second.restore(stateOfNumbers(numbersOfState(first.state)));
      const rest = scores.slice(cut).map((score, place) => second.observe(10 * (cut + place + 1), score));
      expect(rest).toEqual(whole.verdicts.slice(cut));
      expect(second.state).toEqual(whole.rule.state);
    }
  });
});
