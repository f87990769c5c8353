/** Lists the tables that the command line can name. */

import { ConfigError } from '../errors/index.js';
import { suggestion } from '../errors/internal.js';
import { baselinesTable } from './baselines-table.js';
import { coarseToFineTable } from './coarse-to-fine-table.js';
import type { ExperimentTable } from './experiment-table.js';
import { paperTables } from './paper-tables.js';

/** Lists the tables of the paper and of this project. */
export const experimentTables: readonly ExperimentTable[] = [
  ...paperTables,
  baselinesTable,
  coarseToFineTable,
];

/**
 * Returns the tables that a list such as `table1,table2` names, or all tables for `all`.
 *
 * @throws {ConfigError} naming the nearest table when there is none of a name
 */
export function tablesNamed(names: string): readonly ExperimentTable[] {
  if (names === 'all') return experimentTables;
  const unique = new Set(names.split(',').map((name) => name.trim()));
  return [...unique].map(tableNamed);
}

function tableNamed(name: string): ExperimentTable {
  const found = experimentTables.find((table) => table.name === name);
  if (found !== undefined) return found;
  const known = [...experimentTables.map((table) => table.name), 'all'];
  throw new ConfigError(
    `experiment: no table ${name}${suggestion(name, known)} (known: ${known.join(', ')})`,
  );
}
