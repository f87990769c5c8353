/** Defines recipes: an experiment as a typed function that returns a config, and a line that says what it is for. */

import type { RecipeConfig } from '../config/index.js';

/** Holds the options of every recipe; anything else is changed in the config that it returns. */
export interface RecipeOptions {
  /** Names the folder of the dataset. */
  readonly root?: string;
}

/** Describes a recipe that a config file (`extends: NAME`) and the command line can name. */
export interface Recipe {
  readonly name: string;
  /** Describes the recipe in one line, for `coarsely recipes`. */
  readonly description: string;
  /** Names the group with which the recipe is listed, by name alone. */
  readonly group?: string;
  /** Returns the keys that differ from the defaults; `resolveConfig` completes them. */
  readonly config: (options?: RecipeOptions) => RecipeConfig;
}
