/** What a table is: rows that are runs, set against a base row. What a row scored is not here. */

import type { PaperRun } from '../recipes/internal.js';

export type Metric = 'aAcc' | 'mAcc' | 'mIoU';

export interface TableRow {
  /** One text for each of the table's columns. */
  readonly cells: readonly string[];
  readonly run: PaperRun;
  /** The run that this row's difference is taken against; null for a base row itself. */
  readonly base: PaperRun | null;
}

export interface ExperimentTable {
  /** What the command line calls it: `table1`. */
  readonly name: string;
  readonly title: string;
  /** The columns that say what a row is. */
  readonly columns: readonly string[];
  readonly metrics: readonly Metric[];
  readonly rows: readonly TableRow[];
  /** What a reader must know to compare it with the paper's. */
  readonly remarks: readonly string[];
}

/** What a person calls a table: `Table 1` for `table1`. */
export function tableLabel(name: string): string {
  return name.replace(/^table(\d)$/, 'Table $1');
}

export const allMetrics = ['aAcc', 'mAcc', 'mIoU'] as const satisfies readonly Metric[];
