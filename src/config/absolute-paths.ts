/** Makes paths absolute, so that a run reads the same files from wherever it is continued or evaluated. */

import path from 'node:path';
import type { Config } from './schema.js';

/** Returns the config with the paths of the files that it reads made absolute, from the working directory. */
export function withAbsolutePaths(config: Config): Config {
  const { data, model } = config;
  const { weights } = model.backbone;
  const backbone =
    typeof weights === 'string' ? { ...model.backbone, weights: path.resolve(weights) } : model.backbone;
  return { ...config, data: { ...data, root: path.resolve(data.root) }, model: { ...model, backbone } };
}
