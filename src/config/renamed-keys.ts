/**
 * Renames keys that had another name before. Files, recipes, `--set` and the folders of earlier runs may still hold a former
 * name: every layer is brought to the current names before layers are merged, so nothing else knows the former ones.
 */

import { ConfigError } from '../errors/index.js';
import { valueAt } from '../registry/internal.js';
import { isSection, type Section } from './merge.js';

interface RenamedKey {
  /** Gives a dotted path, such as `training.accumulation`. */
  readonly former: string;
  readonly current: string;
}

/** Lists every renamed key. */
export const renamedKeys: readonly RenamedKey[] = [
  { former: 'model.checkpoint', current: 'model.activationCheckpointing' },
  { former: 'training.accumulation', current: 'training.gradientAccumulationSteps' },
];

export interface RenameOptions {
  /** Names the origin of the keys in messages: a file, a recipe, `--set`. */
  readonly label: string;
  /** Receives one line for every former name that is found. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Returns the keys of one origin with every former name replaced by the current one.
 * @throws {ConfigError} when a key is given under both names
 */
export function withCurrentKeys(values: Section, { label, onNotice }: RenameOptions): Section {
  return renamedKeys.reduce((renamed, { former, current }) => {
    const [formerPath, currentPath] = [former.split('.'), current.split('.')];
    const value = valueAt(renamed, formerPath);
    if (value === undefined) return renamed;
    if (valueAt(renamed, currentPath) !== undefined) {
      throw new ConfigError(
        `config ${label}: ${former} is the former name of ${current}, and both are given; remove ${former}`,
      );
    }
    onNotice?.(`config ${label}: ${former} is now called ${current}; the former name still works`);
    return withValue(withoutKey(renamed, formerPath), currentPath, value);
  }, values);
}

function withoutKey(section: Section, [key = '', ...rest]: readonly string[]): Section {
  const inner = section[key];
  if (rest.length > 0) return { ...section, [key]: isSection(inner) ? withoutKey(inner, rest) : inner };
  const { [key]: _, ...others } = section;
  return others;
}

function withValue(section: Section, [key = '', ...rest]: readonly string[], value: unknown): Section {
  if (rest.length === 0) return { ...section, [key]: value };
  const inner = section[key];
  return { ...section, [key]: withValue(isSection(inner) ? inner : {}, rest, value) };
}
