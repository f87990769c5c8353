/** Makes paths absolute, so that a run reads the same files from wherever it is continued or evaluated. */

import path from 'node:path';
import { wantsImageNet } from '../models/internal.js';
import type { Config } from './schema.js';

/** Returns the config with the paths of the files that it reads made absolute, from the working directory. */
export function withAbsolutePaths(config: Config): Config {
  const { data, model } = config;
  const { backbone } = model;
  return {
    ...config,
    data: { ...data, root: path.resolve(data.root) },
    model: {
      ...model,
      backbone:
        typeof backbone.weights === 'string' && !wantsImageNet(backbone)
          ? { ...backbone, weights: path.resolve(backbone.weights) }
          : backbone,
      weights: model.weights === null ? null : path.resolve(model.weights),
    },
  };
}
