/** Finds the files that a network starts from, which a trained network does not need anymore. */

import { wantsImageNet } from '../models/internal.js';
import type { Config } from './schema.js';

/** Returns the config of a network that starts from random values, or whose values are replaced by those of a checkpoint. */
export function withoutInitialWeights(config: Config): Config {
  const { model } = config;
  return { ...config, model: { ...model, backbone: withoutWeights(model.backbone), weights: null } };
}

/**
 * Returns the config without the ImageNet weights of its backbone where `model.weights` replaces them, as a recipe's
 * default gives way to the network that a person names.
 */
export function withoutReplacedWeights(config: Config): Config {
  const { model } = config;
  if (model.weights === null || !wantsImageNet(model.backbone)) return config;
  return { ...config, model: { ...model, backbone: withoutWeights(model.backbone) } };
}

function withoutWeights(backbone: Config['model']['backbone']): Config['model']['backbone'] {
  return 'weights' in backbone ? { ...backbone, weights: null } : backbone;
}
