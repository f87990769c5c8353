/** Takes from `--set data.KEY=VALUE` how the files of a dataset are read. */

import { isSection, parseSetOptions } from '../../config/internal.js';
import { ConfigError } from '../../errors/index.js';

/**
 * Returns the options of the dataset in `--set data.KEY=VALUE`, such as `labelSuffix`.
 *
 * @param command names the command in messages
 * @throws {ConfigError} for an option of another section
 */
export function readingOptions(command: string, set: readonly string[]): Readonly<Record<string, unknown>> {
  const { data = {}, ...others } = parseSetOptions(set);
  const [other] = Object.keys(others);
  if (other === undefined && isSection(data)) return data;
  throw new ConfigError(
    `${command}: --set takes options of the dataset, such as data.labelSuffix=_mask, not ${other ?? 'data'}`,
  );
}
