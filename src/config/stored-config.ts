/** Reads the config in a run's folder as plain data, for those who show it rather than train by it. */

import { CheckpointError } from '../errors/index.js';
import { parseYaml } from '../files/index.js';
import { isSection, type Section } from './merge.js';
import { withCurrentKeys } from './renamed-keys.js';

/**
 * Returns the keys of a run's `config.yaml` under their current names, without checking them against the schema, so that a
 * run of components that are not registered here can be shown too.
 * @throws {CheckpointError} when the text is not YAML or holds no keys
 */
export function storedConfig({
  folder,
  configYaml,
}: {
  readonly folder: string;
  readonly configYaml: string;
}): Section {
  const file = `${folder}/config.yaml`;
  let config: unknown;
  try {
    config = parseYaml(configYaml);
  } catch (cause) {
    throw new CheckpointError(`${file}: is damaged (${(cause as Error).message})`, { cause });
  }
  if (!isSection(config)) {
    throw new CheckpointError(`${file}: is damaged: expected keys and values, found ${typeof config}`);
  }
  return withCurrentKeys(config, { label: file });
}
