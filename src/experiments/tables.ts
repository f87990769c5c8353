/** Lists the tables that the command line can name. */

import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import { baselinesTable } from './baselines-table.js';
import type { ExperimentTable } from './experiment-table.js';
import { paperTables } from './paper-tables.js';

/** Lists the tables of the paper and of this project. */
export const experimentTables: readonly ExperimentTable[] = [...paperTables, baselinesTable];

/**
 * Returns the table of this name, or all tables for `all`.
 *
 * @throws {ConfigError} naming the nearest table when there is none of this name
 */
export function tablesNamed(name: string): readonly ExperimentTable[] {
  if (name === 'all') return experimentTables;
  const found = experimentTables.find((table) => table.name === name);
  if (found !== undefined) return [found];
  const known = [...experimentTables.map((table) => table.name), 'all'];
  throw new ConfigError(
    `experiment: no table ${name}${suggestion(name, known)} (known: ${known.join(', ')})`,
  );
}
