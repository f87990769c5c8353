/** Describes the content of an experiment's page as plain data: tables as text, and the runs behind their rows. */

import type { ReportRun } from './report-run.js';

/** Holds the claims about a table as text; the first column states the claim, the last is the verdict. */
export interface ReportClaims {
  readonly heading: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Holds a table as text. */
export interface ReportTable {
  readonly name: string;
  readonly title: string;
  readonly heading: readonly string[];
  /** Number of columns at the left that name the row; the others hold numbers. */
  readonly labelColumns: number;
  readonly rows: readonly (readonly string[])[];
  /** Is null when nothing is claimed about the table. */
  readonly claims: ReportClaims | null;
  readonly remarks: readonly string[];
}

/** Holds one row of a table with its runs, one for each seed. */
export interface ReportedRow {
  readonly label: string;
  readonly runs: readonly ReportRun[];
}

/** Holds rows that are compared with each other, the base row first. */
export interface ReportedGroup {
  readonly title: string;
  readonly rows: readonly ReportedRow[];
}

/** Holds the content of the page. */
export interface ExperimentContent {
  readonly title: string;
  readonly tables: readonly ReportTable[];
  readonly groups: readonly ReportedGroup[];
  /** Sentences that hold for all tables. */
  readonly notes: readonly string[];
}
