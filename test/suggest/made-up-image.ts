/** Makes candidates of an image from functions of their place, so that the right questions are known. */

import {
  ClassTally,
  candidateCount,
  candidateGrid,
  type DatasetKnowledge,
  type ImageCandidates,
} from 'coarsely/suggest';

export interface MadeUpImage {
  /** Is the side of the image in candidates, which lie four pixels apart. */
  readonly side?: number;
  readonly classCount?: number;
  /** Returns the likelihood of each class at a column and row of the grid. */
  readonly likelihoods: (column: number, row: number) => readonly number[];
  /** Returns the label; none by default. */
  readonly label?: (column: number, row: number) => number;
  readonly features?: (column: number, row: number) => readonly number[];
}

export function madeUpImage({
  side = 10,
  likelihoods,
  label = () => 255,
  features,
}: MadeUpImage): ImageCandidates {
  const grid = candidateGrid({ width: 4 * side, height: 4 * side });
  const places = Array.from({ length: candidateCount(grid) }, (_, candidate) => [
    candidate % grid.columns,
    Math.floor(candidate / grid.columns),
  ]) as [number, number][];
  return {
    grid,
    classCount: likelihoods(0, 0).length,
    likelihoods: Float32Array.from(places.flatMap(([column, row]) => likelihoods(column, row))),
    labels: Uint8Array.from(places, ([column, row]) => label(column, row)),
    features: features ? Float32Array.from(places.flatMap(([column, row]) => features(column, row))) : null,
  };
}

/** Returns knowledge of a dataset whose classes had equally many questions. */
export function knowledgeOf(
  classCount: number,
  references: DatasetKnowledge['references'] = null,
): DatasetKnowledge {
  return { tally: new ClassTally(new Array(classCount).fill(1)), references };
}
