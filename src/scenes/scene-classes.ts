/** Lists what generated scenes show. */

import type { DatasetClass } from '../data/index.js';

/** Lists the classes of generated scenes; a label is an index of this list. */
export const sceneClasses: readonly DatasetClass[] = [
  { name: 'sky', color: [70, 130, 180] },
  { name: 'building', color: [128, 64, 48] },
  { name: 'road', color: [128, 64, 128] },
  { name: 'pavement', color: [244, 35, 232] },
  { name: 'tree', color: [107, 142, 35] },
  { name: 'car', color: [0, 0, 142] },
  { name: 'pole', color: [220, 220, 0] },
  { name: 'pedestrian', color: [220, 20, 60] },
];

/** Maps names to labels, for the code that paints them. */
export const sceneLabels = {
  sky: 0,
  building: 1,
  road: 2,
  pavement: 3,
  tree: 4,
  car: 5,
  pole: 6,
  pedestrian: 7,
} as const;
