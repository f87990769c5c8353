/**
 * Judges a ranking of pixels against what they truly are, in constant memory: evidence falls into 65 536 equal bins, and pixels
 * of one bin are taken as ties. Of evidence that is a multiple of a bin's width the scores are exact.
 */

/** Holds the scores of a ranking. */
export interface RankingScores {
  /** Counts the ranked pixels. */
  readonly pixels: number;
  /** Is the share of wrong ones, which is the precision of a ranking at random; NaN without pixels. */
  readonly baseRate: number;
  /**
   * Is the area under the curve of precision over recall, as average precision: the sum over thresholds of the gain of recall
   * times the precision there. NaN without a wrong pixel.
   */
  readonly auprc: number;
  /** Is the share of the wrong pixels among the first hundredth; NaN without a wrong pixel. */
  readonly recallAtOnePercent: number;
}

/** Counts the bins. */
const binCount = 2 ** 16;
/** Is the share of the pixels that is reviewed. */
const reviewedShare = 0.01;

/** Counts right and wrong pixels by the evidence against them. */
export class RankingCounter {
  readonly #low: number;
  readonly #high: number;
  readonly #wrong = new Float64Array(binCount);
  readonly #right = new Float64Array(binCount);

  /** Takes the range of the evidence; what lies outside counts as its end. */
  constructor({ low, high }: { readonly low: number; readonly high: number }) {
    this.#low = low;
    this.#high = high;
  }

  /**
   * Counts a pixel.
   *
   * @param evidence is larger for pixels that are more probably wrong
   * @throws {RangeError} when the evidence is not a number
   */
  add(evidence: number, isWrong: boolean): void {
    if (Number.isNaN(evidence)) throw new RangeError('evidence that is not a number');
    const place = ((evidence - this.#low) / (this.#high - this.#low)) * binCount;
    const bin = Math.min(binCount - 1, Math.max(0, Math.floor(place)));
    const counts = isWrong ? this.#wrong : this.#right;
    counts[bin] = (counts[bin] as number) + 1;
  }

  /** Returns the scores of the pixels that were counted so far. */
  get scores(): RankingScores {
    const total = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0);
    const allWrong = total(this.#wrong);
    const pixels = allWrong + total(this.#right);
    const budget = reviewedShare * pixels;
    let [found, seen, area, foundInBudget] = [0, 0, 0, 0];
    for (let bin = binCount - 1; bin >= 0; bin--) {
      const wrong = this.#wrong[bin] as number;
      const inBin = wrong + (this.#right[bin] as number);
      if (inBin === 0) continue;
      // Ties stand in any order, so that a part of them holds its part of the wrong ones.
      foundInBudget += wrong * Math.min(1, Math.max(0, (budget - seen) / inBin));
      found += wrong;
      seen += inBin;
      area += (wrong / allWrong) * (found / seen);
    }
    const isJudged = allWrong > 0;
    return {
      pixels,
      baseRate: allWrong / pixels,
      auprc: isJudged ? area : Number.NaN,
      recallAtOnePercent: isJudged ? foundInBudget / allWrong : Number.NaN,
    };
  }
}

/** Bounds log-odds. */
const mostLogOdds = 16;

/** Is the range of `logOdds`. */
export const logOddsRange = { low: -mostLogOdds, high: mostLogOdds };

/** Returns the logarithm of the odds of a probability, which ranks as the probability does and keeps what is near 0 and 1 apart. */
export function logOdds(probability: number): number {
  const odds = Math.log(probability / (1 - probability));
  return Math.min(mostLogOdds, Math.max(-mostLogOdds, odds));
}
