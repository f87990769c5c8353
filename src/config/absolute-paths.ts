/** A run reads the same files wherever it is later continued or evaluated from. */

import path from 'node:path';
import type { Config } from './schema.js';

/** The config with the paths of what it reads made absolute, from the working directory. */
export function withAbsolutePaths(config: Config): Config {
  const { data, model } = config;
  const { weights } = model.backbone;
  const backbone =
    typeof weights === 'string' ? { ...model.backbone, weights: path.resolve(weights) } : model.backbone;
  return { ...config, data: { ...data, root: path.resolve(data.root) }, model: { ...model, backbone } };
}
