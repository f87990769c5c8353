/** Finds the files that a network starts from, which a trained network does not need anymore. */

import type { Config } from './schema.js';

/** Returns the config of a network that starts from random values, or whose values are replaced by those of a checkpoint. */
export function withoutInitialWeights(config: Config): Config {
  const { model } = config;
  const backbone = 'weights' in model.backbone ? { ...model.backbone, weights: null } : model.backbone;
  return { ...config, model: { ...model, backbone, weights: null } };
}
