/**
 * Scores candidates by how little they look like anything that is labeled or asked about: by the distance of their features
 * to the nearest labeled pixel of the dataset and of the image, and to other questions (k-center greedy, Sener and Savarese
 * 2018). Beside another question in the image the score is lowered too, where features hardly differ.
 */

import { ignoreIndex, type RandomStream } from '../../data/index.js';
import { OperationError } from '../../errors/index.js';
import { tensorFrom, tidy } from '../../torch/index.js';
import type { Term } from '../term.js';
import { distanceInImage, imageReach } from './image-distance.js';

/** Limits the labeled pixels of the image itself from which distances are measured. */
const mostOwnReferences = 256;

/** Is the term. */
export const diversity: Term = {
  reason: 'diversity',
  needsFeatures: true,
  begin({ image: { features, labels, grid }, eligible, knowledge: { references }, random }) {
    if (features === null || references === null) {
      throw new OperationError('diversity: expected candidates with features, received none');
    }
    const { featureCount, typicalDistance } = references;
    const own = ownReferences(labels, { features, featureCount, random });
    // Squares, as roots are needed only for scores.
    const squares = squaredDistances(features, { others: [references.features, own], featureCount });
    const nearness = new Float32Array(labels.length).fill(1);
    const reach = imageReach(grid);
    const scoreOf = (candidate: number) => {
      const distance = Math.sqrt(squares[candidate] as number);
      return (nearness[candidate] as number) * (distance / (distance + typicalDistance));
    };
    const scores = Float32Array.from(labels, (_, candidate) => scoreOf(candidate));
    return {
      scores,
      take(taken) {
        const asked = features.subarray(taken * featureCount, (taken + 1) * featureCount);
        for (const candidate of eligible) {
          let square = 0;
          for (let index = 0, place = candidate * featureCount; index < featureCount; index++, place++) {
            square += ((features[place] as number) - (asked[index] as number)) ** 2;
          }
          const far = 1 - Math.exp(-((distanceInImage(candidate, taken, grid) / reach) ** 2));
          squares[candidate] = Math.min(squares[candidate] as number, square);
          nearness[candidate] = Math.min(nearness[candidate] as number, far);
          scores[candidate] = scoreOf(candidate);
        }
      },
    };
  },
};

/** Returns features of labeled candidates of the image, drawn at random where there are many. */
function ownReferences(
  labels: Uint8Array,
  {
    features,
    featureCount,
    random,
  }: { readonly features: Float32Array; readonly featureCount: number; readonly random: RandomStream },
): Float32Array {
  const labeled = [...labels.keys()].filter((candidate) => labels[candidate] !== ignoreIndex);
  const chosen = [...random.permutation(labeled.length).subarray(0, mostOwnReferences)];
  const own = new Float32Array(chosen.length * featureCount);
  for (const [place, index] of chosen.entries()) {
    const start = (labeled[index] as number) * featureCount;
    own.set(features.subarray(start, start + featureCount), place * featureCount);
  }
  return own;
}

/** Returns the squared distance of each row to the nearest of other rows; infinity where there are none. */
function squaredDistances(
  features: Float32Array,
  { others, featureCount }: { readonly others: readonly Float32Array[]; readonly featureCount: number },
): Float32Array {
  const count = features.length / featureCount;
  const nearest = new Float32Array(count).fill(Number.MAX_VALUE);
  for (const rows of others.filter(({ length }) => length > 0)) {
    tidy(() => {
      const points = tensorFrom(features, { dtype: 'float32', shape: [count, featureCount] });
      const references = tensorFrom(rows, {
        dtype: 'float32',
        shape: [rows.length / featureCount, featureCount],
      });
      // |a − b|² = |a|² + |b|² − 2ab, whose rounding may fall below 0.
      const products = points
        .matmul(references.permute([1, 0]))
        .mul(-2)
        .add(references.square().sum(1));
      const squares = products.amin(1).add(points.square().sum(1)).clamp({ min: 0 });
      for (const [place, square] of (squares.toTypedArray() as Float32Array).entries()) {
        nearest[place] = Math.min(nearest[place] as number, square);
      }
    });
  }
  return nearest;
}
