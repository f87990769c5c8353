/** Whether a run's folder holds the experiment that is asked for: the keys in which two configs differ. */

import type { Config } from '../config/index.js';

/** Keys that change where or how fast a run goes, and not what it computes. */
const withoutEffect = new Set([
  'output',
  'data.workers',
  'data.cacheMiB',
  'training.checkpointEvery',
  'training.keepCheckpoints',
  'training.logEvery',
]);

export interface ConfigDifference {
  /** `training.iterations`. */
  readonly key: string;
  readonly found: unknown;
  readonly wanted: unknown;
}

/** Every key of any effect that differs. A run's folder has a settled precision, which equals `auto`. */
export function configDifferences(found: Config, wanted: Config): ConfigDifference[] {
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

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
