/** What the page of an experiment knows: tables as text, and the runs behind their rows. Plain data. */

import type { ReportRun } from './report-run.js';

export interface ReportTable {
  readonly name: string;
  readonly title: string;
  readonly heading: readonly string[];
  /** How many of the first columns say what a row is; the others are figures. */
  readonly labelColumns: number;
  readonly rows: readonly (readonly string[])[];
  readonly remarks: readonly string[];
}

/** One row of a table with its runs, one for each seed. */
export interface ReportedRow {
  readonly label: string;
  readonly runs: readonly ReportRun[];
}

/** Rows that are compared with each other: a base row first, and those that are measured against it. */
export interface ReportedGroup {
  readonly title: string;
  readonly rows: readonly ReportedRow[];
}

export interface ExperimentContent {
  readonly title: string;
  readonly tables: readonly ReportTable[];
  readonly groups: readonly ReportedGroup[];
  /** What holds for all tables, a line each. */
  readonly notes: readonly string[];
}
