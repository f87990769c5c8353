/**
 * Scores the labels of whole images by the softmin of their pixels (Lad and Mueller, "Estimating label quality and errors in
 * semantic segmentation data via any model", 2023), written from the paper.
 */

/** Is the temperature of the authors' implementation, cleanlab. */
const temperature = 0.1;

/**
 * Returns the mean of the scores of an image's pixels, weighted by the softmax of 1 − score over the temperature: near their
 * least, but not that of a single pixel; NaN without pixels.
 *
 * @param scores the likelihood of the given class of each labeled pixel, in [0, 1]
 */
export function softminScore(scores: Float32Array): number {
  const least = scores.reduce((smallest, score) => Math.min(smallest, score), 1);
  let [sum, weights] = [0, 0];
  for (const score of scores) {
    // The largest weight is 1.
    const weight = Math.exp((least - score) / temperature);
    sum += weight * score;
    weights += weight;
  }
  return sum / weights;
}
