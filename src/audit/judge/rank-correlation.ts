/** Compares two orders of the same things. */

/**
 * Returns Spearman's rank correlation of two lists of equal length: 1 for the same order and −1 for the reverse. Ties have the
 * mean of their ranks; NaN where all values of a list are equal.
 */
export function rankCorrelation(first: readonly number[], second: readonly number[]): number {
  const [a, b] = [ranksOf(first), ranksOf(second)];
  // The mean of ranks is the same with and without ties.
  const mean = (first.length - 1) / 2;
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (const [place, rank] of a.entries()) {
    const [x, y] = [rank - mean, (b[place] as number) - mean];
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return product / Math.sqrt(squaresA * squaresB);
}

function ranksOf(values: readonly number[]): Float64Array {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Float64Array(values.length);
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && values[order[end] as number] === values[order[first] as number]) end++;
    for (let place = first; place < end; place++) ranks[order[place] as number] = (first + end - 1) / 2;
    first = end;
  }
  return ranks;
}
