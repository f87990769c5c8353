/**
 * Defines the recommended recipes for coarse labels: what labels say wrongly is left out, and what they leave open is filled
 * from rounds of the same training and the colors of the images. Their settings are chosen by measurement
 * (docs/results/coarse-to-fine.md).
 */

import type { RecipeConfig } from '../config/index.js';
import { named, withTrim } from './combinators.js';
import { folderFineTune } from './folder-finetune.js';
import { quickCrossEntropy } from './quick.js';
import type { RecipeOptions } from './recipe.js';

/**
 * Returns quick training in three rounds. Pixels are drawn as often as their classes are labeled: coarse labels say little of
 * what surrounds an object, and drawing rare classes more often makes them too large.
 */
export function coarse(options: RecipeOptions = {}): RecipeConfig {
  const quick = quickCrossEntropy(options);
  return withTrim({ ...named(quick, 'coarse'), quick: { ...quick.quick, classBalance: 'none' }, fill: {} });
}

/**
 * Returns quick training on coarse labels and points that a person answered (`points/SPLIT/NAME.json`). Nothing is filled:
 * points say more of the pixels without a label than filled labels do.
 */
export function coarsePoints(options: RecipeOptions = {}): RecipeConfig {
  const quick = quickCrossEntropy(options);
  return withTrim({ ...named(quick, 'coarse-points'), data: { ...quick.data, points: {} } });
}

/** Returns full training that goes on from a run of `coarse` (`--init RUN`), on labels that this run fills. */
export function coarseFineTune(options: RecipeOptions = {}): RecipeConfig {
  return withTrim({ ...named(folderFineTune(options), 'coarse-finetune'), fill: { rounds: 1 } });
}
