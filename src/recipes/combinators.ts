/** From a baseline to its variants: each function changes one thing of a config and names the result. */

import type { RecipeConfig } from '../config/index.js';

export interface ArmSection {
  /** Multiplies the learning rate of ARM's 53 parameters; 1 is the paper's, for runs of 40 000 iterations and more. */
  readonly learningRateScale?: number;
  /** The norm that constrains the weights: 1, 2 or 3. */
  readonly p?: 1 | 2 | 3;
}

export interface LinearArmSection {
  /** W(v̂) = slope · v̂ + intercept; the defaults weigh confident pixels less. */
  readonly slope?: number;
  readonly intercept?: number;
}

/** The same experiment under another name, which is the name of its run's folder. */
export function named(config: RecipeConfig, name: string): RecipeConfig {
  return { ...config, name };
}

/** The same experiment with adversarial reweighting (paper, section 3.3). */
export function withArm(
  config: RecipeConfig,
  { learningRateScale = 1, p = 2 }: ArmSection = {},
): RecipeConfig {
  return { ...config, reweighter: { kind: 'arm', learningRateScale, p } };
}

/** The same experiment with weights that are a fixed linear function of the confidence (paper, section 4.3). */
export function withLinearArm(
  config: RecipeConfig,
  { slope = -0.5, intercept = 0.5 }: LinearArmSection = {},
): RecipeConfig {
  return { ...config, reweighter: { kind: 'linear-arm', slope, intercept } };
}
