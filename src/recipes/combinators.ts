/** Derives variants from a baseline: each function changes one thing of a config. */

import type { RecipeConfig } from '../config/index.js';

/** Configures ARM in a recipe. */
export interface ArmSection {
  /** Multiplies the learning rate of ARM's 53 parameters; 1 is the paper's, for runs of 40 000 iterations and more. */
  readonly learningRateScale?: number;
  /** Sets the order of the norm that constrains the weights. */
  readonly p?: 1 | 2 | 3;
}

/** Configures Linear ARM in a recipe: W(v̂) = slope · v̂ + intercept. The defaults weigh confident pixels less. */
export interface LinearArmSection {
  readonly slope?: number;
  readonly intercept?: number;
}

/** Configures trimming in a recipe. */
export interface TrimSection {
  /** Sets the share of the pixels of each class that is left out. */
  readonly share?: number;
  /** Sets the share of the steps before pixels are left out. */
  readonly start?: number;
  /** Sets the share of the counts of losses that is kept at each step. */
  readonly momentum?: number;
}

/** Configures agreement in a recipe. */
export interface AgreementSection {
  /** Sets the power of the agreement by which losses are multiplied; 0 leaves them as they are. */
  readonly discount?: number;
  /** Sets the share of the moving average that is kept at each step. */
  readonly momentum?: number;
  /** Scores and publishes the moving average in place of the network that learns. */
  readonly evaluate?: boolean;
}

/** Configures the correction of labels in a recipe. */
export interface CorrectionSection {
  /** Sets the likelihood of another class above which a label is replaced. */
  readonly threshold?: number;
  /** Sets the share by which the slope of a class's training IoU has to fall before its labels are corrected. */
  readonly slopeChange?: number;
}

/** Returns the experiment under another name, which is also the name of its run's folder. */
export function named(config: RecipeConfig, name: string): RecipeConfig {
  return { ...config, name };
}

/**
 * Returns the experiment with adversarial reweighting (paper, section 3.3). ARM's parameters do not decay, because decay
 * alone would flatten W over long runs.
 */
export function withArm(
  config: RecipeConfig,
  { learningRateScale = 1, p = 2 }: ArmSection = {},
): RecipeConfig {
  return { ...config, reweighter: { kind: 'arm', learningRateScale, p, weightDecay: 0 } };
}

/**
 * Returns the experiment with weights that also depend on how far a moving average of the network agrees with the label. Its
 * reweighter must be ARM in one of its forms; without any it gets the closed form, which has nothing to tune.
 */
export function withAgreement(
  config: RecipeConfig,
  { discount = 1, momentum = 0.99, evaluate = false }: AgreementSection = {},
): RecipeConfig {
  const reweighter = config.reweighter ?? { kind: 'closed-form-arm' };
  return {
    ...config,
    reweighter: { ...reweighter, inputs: ['variance', 'agreement'], discount },
    teacher: { momentum, evaluate },
  };
}

/**
 * Returns the experiment with the highest losses of each class left out. The reweighter that it has weighs the rest:
 * `withTrim(withArm(config))`.
 */
export function withTrim(
  config: RecipeConfig,
  { share = 0.05, start = 0.3, momentum = 0.9 }: TrimSection = {},
): RecipeConfig {
  return {
    ...config,
    reweighter: { kind: 'trim', share, start, momentum, reweighter: config.reweighter ?? null },
  };
}

/** Returns the experiment with labels corrected where the network is sure of another class, once a class is learned. */
export function withCorrection(
  config: RecipeConfig,
  { threshold = 0.8, slopeChange = 0.9 }: CorrectionSection = {},
): RecipeConfig {
  return { ...config, correction: { threshold, slopeChange } };
}

/** Returns the experiment with weights that are a fixed linear function of the confidence (paper, section 4.3). */
export function withLinearArm(
  config: RecipeConfig,
  { slope = -0.5, intercept = 0.5 }: LinearArmSection = {},
): RecipeConfig {
  return { ...config, reweighter: { kind: 'linear-arm', slope, intercept } };
}
