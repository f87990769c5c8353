/** Describes a table: rows that are runs, compared with a base row. Scores are in `table-result.ts`. */

import type { PaperRun } from '../recipes/internal.js';
import type { Claim } from './claim.js';

/** Names a score of a table. */
export type Metric = 'aAcc' | 'mAcc' | 'mIoU';

/** Describes a row: the run that is trained and the run that it is compared with. */
export interface TableRow {
  /** Holds one text for each of the table's columns. */
  readonly cells: readonly string[];
  readonly run: PaperRun;
  /** Names the run that the difference is taken against; null for a base row itself. */
  readonly base: PaperRun | null;
}

/** Describes a table of the paper or of this project. */
export interface ExperimentTable {
  /** Names the table on the command line: `table1`. */
  readonly name: string;
  readonly title: string;
  /** Holds the headings of the columns that describe a row. */
  readonly columns: readonly string[];
  readonly metrics: readonly Metric[];
  readonly rows: readonly TableRow[];
  /** Lists what the paper claims about these rows. */
  readonly claims: readonly Claim[];
  /** Names the run on fine labels that every row is measured against, where the table has costs of labeling. */
  readonly fineLabels?: PaperRun;
  /** Tells what a reader must know to compare the table with the paper's. */
  readonly remarks: readonly string[];
}

/** Returns the title of a table in text: `Table 1` for `table1`. */
export function tableLabel(name: string): string {
  return name.replace(/^table(\d)$/, 'Table $1');
}

/** Lists the scores of most tables. */
export const allMetrics = ['aAcc', 'mAcc', 'mIoU'] as const satisfies readonly Metric[];
