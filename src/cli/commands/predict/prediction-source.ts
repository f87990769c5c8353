/** Finds the model of `coarsely predict`: that of a run, or of a published checkpoint. */

import { type Config, configSchema } from '../../../config/index.js';
import { parseLayers } from '../../../config/internal.js';
import type { DatasetClass } from '../../../data/index.js';
import { withColors } from '../../../data/internal.js';
import { ConfigError } from '../../../errors/index.js';
import { loadPublishedModel, loadRun } from '../../../evaluation/index.js';
import type { Segmentor } from '../../../models/index.js';
import {
  type PublishedCommandOptions,
  publishedOptions,
  publishedText,
  withPublishedReading,
} from '../../options/published-options.js';

/** Holds a trained network and what is needed to predict with it. */
export interface PredictionSource extends Disposable {
  readonly model: Segmentor;
  readonly classes: readonly DatasetClass[];
  readonly config: Config;
  /** Says which network was read from a published checkpoint, given the config in use; null for a run. */
  readonly describe: ((config: Config) => string) | null;
}

/**
 * Returns the model of a run's folder, or of published weights when the options name some.
 *
 * @throws {CheckpointError} when the folder is not a run's, or the weights are damaged or not supported
 * @throws {ConfigError} when the weights are not those of a whole published network
 */
export async function predictionSource(
  runFolder: string,
  { weights, ...options }: PublishedCommandOptions & { readonly weights?: string },
): Promise<PredictionSource> {
  if (weights === undefined) return { ...(await loadRun(runFolder)), describe: null };
  const published = loadPublishedModel(weights, publishedOptions(options));
  if (published === null) {
    throw new ConfigError(
      `${weights}: is not a whole network of mmsegmentation, so it does not describe itself; predict with its run`,
    );
  }
  const { model, classes, classCount } = published;
  const defaults = parseLayers(configSchema, [{ label: '', values: { data: { root: '.' } } }]);
  const names = Array.from({ length: classCount }, (_, index) => ({ name: `class ${index}` }));
  return {
    model,
    classes: classes ?? withColors(names),
    config: withPublishedReading({ ...defaults, precision: 'float32' }, published),
    describe: (config) => `${weights}: ${publishedText(published, config)}`,
    [Symbol.dispose]: () => model.dispose(),
  };
}
