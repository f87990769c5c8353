/** Finds where the configs of several runs differ: every key by its dotted path, as `--set` would name it. */

/** Holds the values of one key in every config. */
export interface ConfigDifference {
  readonly path: string;
  /** One text for each run; null where the run's config has no such key. */
  readonly values: readonly (string | null)[];
}

type Section = Readonly<Record<string, unknown>>;

/**
 * Returns the keys that differ, in the order of their first appearance. Components of different kinds are one row, because
 * their options have nothing to do with each other.
 */
export function configDifferences(configs: readonly Section[]): ConfigDifference[] {
  return differencesAt('', configs);
}

function differencesAt(path: string, values: readonly unknown[]): ConfigDifference[] {
  if (new Set(values.map((value) => JSON.stringify(value))).size <= 1) return [];
  if (!values.every(isSection) || new Set(values.map((section) => section.kind)).size > 1) {
    return [{ path, values: values.map((value) => (value === undefined ? null : valueText(value))) }];
  }
  const keys = new Set(values.flatMap((section) => Object.keys(section)));
  return [...keys].flatMap((key) =>
    differencesAt(
      path === '' ? key : `${path}.${key}`,
      values.map((section) => section[key]),
    ),
  );
}

/** Writes a component as `arm (p: 2, learningRateScale: 50)`, a list as JSON, and anything else as plain text. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!isSection(value)) return JSON.stringify(value);
  const { kind, ...options } = value;
  const listed = Object.entries(options).map(([key, option]) => `${key}: ${valueText(option)}`);
  const name = typeof kind === 'string' ? kind : '';
  return listed.length === 0 ? name : `${name} (${listed.join(', ')})`.trim();
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
