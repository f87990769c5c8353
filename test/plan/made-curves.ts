/** Makes learning curves of which the truth is known. */

import { RandomStream } from 'coarsely/data';
import type { CurveKind, LearningCurve, PowerLaw } from 'coarsely/plan';
import { powerLawAt } from 'coarsely/plan';

export interface MadeCurve {
  readonly kind?: CurveKind;
  readonly counts: readonly number[];
  readonly seeds?: number;
  /** The standard deviation of a score. */
  readonly noise?: number;
  /** The seed of the noise. */
  readonly seed?: number;
  readonly today?: number;
  readonly secondsBefore?: number;
  readonly secondsEach?: number;
}

/** Returns a curve whose scores are those of a law, plus normal noise. */
export function madeCurve(law: PowerLaw, made: MadeCurve): LearningCurve {
  const { kind = 'coarse', counts, seeds = 3, noise = 0, seed = 0 } = made;
  const random = new RandomStream(seed, [77]);
  const { today = counts.at(-1) as number, secondsBefore = 0, secondsEach = 420 } = made;
  return {
    ...{ kind, today, secondsBefore, secondsEach },
    measurements: counts.map((count) => ({
      count,
      scores: Array.from({ length: seeds }, () => powerLawAt(law, count) + noise * normal(random)),
    })),
  };
}

function normal(random: RandomStream): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}
