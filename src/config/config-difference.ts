/** Compares the config of a run's folder with the one that an experiment asks for, or that its checkpoint was trained with. */

import { configSchema } from './built-in.js';
import { keysWith } from './key-traits.js';
import { isSection, type Section } from './merge.js';

export interface ConfigDifference {
  /** Gives a dotted path, such as `training.iterations`. */
  readonly key: string;
  readonly found: unknown;
  readonly wanted: unknown;
}

/**
 * Returns every key that affects results and differs. The folder of a run holds the precision that `auto` stood for, so
 * any precision equals a wanted `auto`.
 */
export function configDifferences(found: Section, wanted: Section): ConfigDifference[] {
  const withoutEffect = new Set(keysWith('affectsResults', configSchema));
  const precision = wanted.precision === 'auto' ? found.precision : wanted.precision;
  return differences(found, { ...wanted, precision }, '').filter(({ key }) => !withoutEffect.has(key));
}

function differences(found: unknown, wanted: unknown, key: string): ConfigDifference[] {
  if (isSection(found) && isSection(wanted)) {
    const names = [...new Set([...Object.keys(found), ...Object.keys(wanted)])];
    return names.flatMap((name) =>
      differences(found[name], wanted[name], key === '' ? name : `${key}.${name}`),
    );
  }
  return JSON.stringify(found) === JSON.stringify(wanted) ? [] : [{ key, found, wanted }];
}
