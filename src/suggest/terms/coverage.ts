/** Scores candidates by how far they lie from everything that is labeled or asked about. */

import { ignoreIndex } from '../../data/index.js';
import { boundaryDistance } from '../../geometry/index.js';
import type { Term } from '../term.js';
import { distanceInImage, imageReach } from './image-distance.js';

/** Is the term: d / (d + reach), where d is the distance to the nearest label or question in the image. */
export const coverage: Term = {
  reason: 'coverage',
  begin({ image: { grid, labels }, eligible }) {
    const reach = imageReach(grid);
    const cell = Math.sqrt((grid.width * grid.height) / labels.length);
    const covered = Int32Array.from(labels, (label) => (label === ignoreIndex ? 0 : 1));
    const distances = boundaryDistance(covered, { width: grid.columns, height: grid.rows });
    const longest = Math.hypot(grid.width, grid.height);
    for (const [candidate, isCovered] of covered.entries()) {
      const distance = isCovered === 1 ? 0 : (distances[candidate] as number) * cell;
      distances[candidate] = Math.min(longest, distance);
    }
    const scores = distances.map((distance) => distance / (distance + reach));
    return {
      scores,
      take(taken) {
        for (const candidate of eligible) {
          const distance = distanceInImage(candidate, taken, grid);
          if (distance >= (distances[candidate] as number)) continue;
          distances[candidate] = distance;
          scores[candidate] = distance / (distance + reach);
        }
      },
    };
  },
};
