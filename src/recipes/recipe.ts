/** What a recipe is: an experiment as a typed function that returns a config, and a line that says what it is for. */

import type { RecipeConfig } from '../config/index.js';

/** What every recipe lets its caller choose; everything else is changed in the config it returns. */
export interface RecipeOptions {
  /** The folder of the dataset. */
  readonly root?: string;
}

/** A recipe that a config file (`extends: NAME`) and the command line can name. */
export interface Recipe {
  readonly name: string;
  /** One line, as `coarsely recipes` shows it. */
  readonly description: string;
  /** Recipes of one group are listed together, by their names alone. */
  readonly group?: string;
  /** The keys that differ from the defaults; a schema completes them (`resolveConfig`). */
  readonly config: (options?: RecipeOptions) => RecipeConfig;
}
