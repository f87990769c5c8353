/** Loads the config of a command, complete and checked against the files on disk. */

import {
  type CheckOptions,
  type Config,
  type ConfigLayer,
  checkConfig,
  configSchema,
  resolveConfig,
} from '../../config/index.js';
import { withAbsolutePaths } from '../../config/internal.js';
import { checkDataset } from '../../data/index.js';
import { recipes } from '../../recipes/index.js';
import { printNotice } from '../output/print-notice.js';
import { printSkipped } from '../output/skipped-files.js';
import { type InitialRun, initialRun } from './init-layer.js';

/** Holds the options by which `train` and `demo` change a config. */
export interface ConfigOptions {
  /** Changes of single keys, `KEY=VALUE`. */
  readonly set?: readonly string[];
  readonly data?: string;
  readonly output?: string;
  readonly name?: string;
  /** The network to start from (model.weights). */
  readonly weights?: string;
  /** The run whose network is trained further, whatever network the source describes. */
  readonly init?: string;
  /** Is false where a checkpoint replaces the weights that the config starts from; true by default. */
  readonly startsAnew?: boolean;
}

/**
 * Resolves a recipe or file with the command's changes, and checks folders, files and headers before anything is loaded.
 *
 * @throws {ConfigError} when the config is not valid or names a file that is missing
 * @throws {DataError} when the dataset cannot be used
 */
export async function loadConfig(
  source: string,
  { set = [], data, output, name, weights, init, startsAnew = true }: ConfigOptions,
): Promise<Config> {
  const changes: (ConfigLayer | InitialRun['layer'])[] = [];
  if (data !== undefined) changes.push({ label: '--data', values: { data: { root: data } } });
  if (output !== undefined) changes.push({ label: '--output', values: { output } });
  if (name !== undefined) changes.push({ label: '--name', values: { name } });
  if (weights !== undefined) changes.push({ label: '--weights', values: { model: { weights } } });
  if (init !== undefined) changes.push(initLayer(init));
  const config = resolveConfig(source, {
    schema: configSchema,
    recipes,
    changes,
    set,
    onNotice: printNotice,
  });
  // Before paths are made absolute, so that messages show them as the user wrote them.
  await checkConfigFiles(config, { label: source, startsAnew });
  return withAbsolutePaths(config);
}

/** Says which network is trained, because it replaces the one that the recipe or file describes. */
function initLayer(folder: string): InitialRun['layer'] {
  const { layer, network } = initialRun(folder);
  printNotice(
    `--init: the network is that of ${folder}, ${network}; all of it is trained unless it is frozen`,
  );
  return layer;
}

/**
 * Checks the folders and files that a config names, and prints which bad ones are left out.
 *
 * @param options.startsAnew false where a checkpoint replaces the weights that the config starts from
 * @throws {ConfigError} when a file is missing
 * @throws {DataError} when the dataset cannot be used
 */
export function checkConfigFiles(
  config: Config,
  { label, startsAnew = true }: Pick<CheckOptions, 'label' | 'startsAnew'>,
): Promise<void> {
  return checkConfig(config, {
    label,
    startsAnew,
    checkDataset: async (section) => {
      const check = await checkDataset(section);
      printSkipped(section, check.skipped ?? []);
      for (const note of check.notes ?? []) printNotice(note);
      return check;
    },
  });
}
