/** Changes one thing of a recipe's config, to make variants of a baseline. */

import type { RecipeConfig } from '../config/index.js';

/** Configures ARM. */
export interface ArmSection {
  /** Multiplies the learning rate of ARM's 53 parameters; 1, the paper's, suits runs of 40 000 steps and more. */
  readonly learningRateScale?: number;
  /** Chooses the order of the norm that constrains the weights; 2 by default. */
  readonly p?: 1 | 2 | 3;
}

/** Configures Linear ARM, W(v̂) = slope · v̂ + intercept. */
export interface LinearArmSection {
  /** Gives confident pixels less weight when negative; −0.5 by default. */
  readonly slope?: number;
  readonly intercept?: number;
}

/** Returns the config under another name, which is the name of its run's folder. */
export function named(config: RecipeConfig, name: string): RecipeConfig {
  return { ...config, name };
}

/** Returns the config with adversarial reweighting (paper, section 3.3). */
export function withArm(
  config: RecipeConfig,
  { learningRateScale = 1, p = 2 }: ArmSection = {},
): RecipeConfig {
  return { ...config, reweighter: { kind: 'arm', learningRateScale, p } };
}

/** Returns the config with weights that are a fixed linear function of the confidence (paper, section 4.3). */
export function withLinearArm(
  config: RecipeConfig,
  { slope = -0.5, intercept = 0.5 }: LinearArmSection = {},
): RecipeConfig {
  return { ...config, reweighter: { kind: 'linear-arm', slope, intercept } };
}
