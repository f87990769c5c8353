/** Describes a recipe: an experiment as a typed function that returns a config. */

import type { RecipeConfig } from '../config/index.js';

/** Holds what the caller of a recipe chooses; everything else is changed in the config that the recipe returns. */
export interface RecipeOptions {
  /** Names the folder of the dataset. */
  readonly root?: string;
}

/** Is an experiment that a config file (`extends: NAME`) and the command line can name. */
export interface Recipe {
  readonly name: string;
  /** Is the line that `coarsely recipes` shows. */
  readonly description: string;
  /** Titles a group of recipes that are listed together, by their names alone. */
  readonly group?: string;
  /** Returns the keys that differ from the defaults; `resolveConfig` completes them. */
  readonly config: (options?: RecipeOptions) => RecipeConfig;
}
