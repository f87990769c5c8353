/** Loads the complete config of a command and checks it against the files on disk. */

import {
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
import { tellSkipped } from '../output/skipped-files.js';

/** Holds the options that `train` and `demo` share. */
export interface ConfigOptions {
  readonly set?: readonly string[];
  readonly data?: string;
  readonly output?: string;
  readonly name?: string;
}

/** Resolves a recipe or file with the command's changes, and checks folders, files and headers before anything loads. */
export async function loadConfig(
  source: string,
  { set = [], data, output, name }: ConfigOptions,
): Promise<Config> {
  const changes: ConfigLayer[] = [];
  if (data !== undefined) changes.push({ label: '--data', values: { data: { root: data } } });
  if (output !== undefined) changes.push({ label: '--output', values: { output } });
  if (name !== undefined) changes.push({ label: '--name', values: { name } });
  const config = resolveConfig(source, {
    schema: configSchema,
    recipes,
    changes,
    set,
    onNotice: printNotice,
  });
  // Checked before paths become absolute, so that messages show a path as it was given.
  await checkConfigFolders(config, source);
  return withAbsolutePaths(config);
}

/**
 * Checks the folders and files that a config names, and prints which bad ones are left out; `label` names the config
 * in errors.
 */
export function checkConfigFolders(config: Config, label: string): Promise<void> {
  return checkConfig(config, {
    label,
    checkDataset: async (section) => {
      const check = await checkDataset(section);
      tellSkipped(section, check.skipped ?? []);
      return check;
    },
  });
}
