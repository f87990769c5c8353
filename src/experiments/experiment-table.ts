/** Describes a table: its rows are runs, each compared with a base row. Results are in `table-result.ts`. */

import type { PaperRun } from '../recipes/internal.js';

/** Names a score of a table. */
export type Metric = 'aAcc' | 'mAcc' | 'mIoU';

/** Describes one row of a table. */
export interface TableRow {
  /** Holds one text for each of the table's columns. */
  readonly cells: readonly string[];
  readonly run: PaperRun;
  /** Is the run from which this row's difference is taken; null for a base row itself. */
  readonly base: PaperRun | null;
}

/** Describes a table by its rows. */
export interface ExperimentTable {
  /** Is the name on the command line, such as `table1`. */
  readonly name: string;
  readonly title: string;
  /** Titles the columns that describe a row. */
  readonly columns: readonly string[];
  readonly metrics: readonly Metric[];
  readonly rows: readonly TableRow[];
  /** Holds remarks that a reader needs to compare the table with the paper's. */
  readonly remarks: readonly string[];
}

/** Returns the title of a table's name: `Table 1` for `table1`. */
export function tableLabel(name: string): string {
  return name.replace(/^table(\d)$/, 'Table $1');
}

/** Lists the scores of most tables. */
export const allMetrics = ['aAcc', 'mAcc', 'mIoU'] as const satisfies readonly Metric[];
