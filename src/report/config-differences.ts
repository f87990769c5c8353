/** Where the configs of several runs differ: every key by its dotted path, as `--set` would name it. */

export interface ConfigDifference {
  readonly path: string;
  /** One text for each run; null where the run's config has no such key. */
  readonly values: readonly (string | null)[];
}

type Section = Readonly<Record<string, unknown>>;

/**
 * Components of different kinds are one row, not one for each of their options, which have nothing to do with each
 * other.
 *
 * @returns differing keys, in the order of their first appearance
 */
export function configDifferences(configs: readonly Section[]): ConfigDifference[] {
  return differencesAt('', configs);
}

function differencesAt(path: string, values: readonly unknown[]): ConfigDifference[] {
  if (new Set(values.map((value) => JSON.stringify(value))).size <= 1) return [];
  if (!values.every(isSection) || new Set(values.map((section) => section.kind)).size > 1) {
    return [{ path, values: values.map((value) => (value === undefined ? null : inWords(value))) }];
  }
  const keys = new Set(values.flatMap((section) => Object.keys(section)));
  return [...keys].flatMap((key) =>
    differencesAt(
      path === '' ? key : `${path}.${key}`,
      values.map((section) => section[key]),
    ),
  );
}

/** `arm (p: 2, learningRateScale: 50)` for a component, JSON for lists, plain text otherwise. */
function inWords(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isSection(value)) return JSON.stringify(value);
  const { kind, ...options } = value;
  const listed = Object.entries(options).map(([key, option]) => `${key}: ${inWords(option)}`);
  const name = typeof kind === 'string' ? kind : '';
  return listed.length === 0 ? name : `${name} (${listed.join(', ')})`.trim();
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
