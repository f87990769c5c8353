/** The tables that the command line can name. */

import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import { baselinesTable } from './baselines-table.js';
import type { ExperimentTable } from './experiment-table.js';
import { paperTables } from './paper-tables.js';

export const experimentTables: readonly ExperimentTable[] = [...paperTables, baselinesTable];

/** One table by its name, or every one for `all`. Throws a ConfigError with the nearest name. */
export function tablesNamed(name: string): readonly ExperimentTable[] {
  if (name === 'all') return experimentTables;
  const found = experimentTables.find((table) => table.name === name);
  if (found !== undefined) return [found];
  const known = [...experimentTables.map((table) => table.name), 'all'];
  throw new ConfigError(
    `experiment: no table ${name}${suggestion(name, known)} (known: ${known.join(', ')})`,
  );
}
