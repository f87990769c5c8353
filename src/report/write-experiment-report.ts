/** The page of an experiment: its tables, and the training behind their rows. */

import { writeTextAtomically } from '../files/index.js';
import { readChartLibrary } from './chart-library.js';
import type { ReportTable } from './experiment-content.js';
import { renderExperimentPage } from './experiment-page.js';
import { readReportRuns } from './read-report-run.js';

/** Run folders of a row, one for each seed that was begun. */
export interface ExperimentRow {
  readonly label: string;
  readonly folders: readonly string[];
}

export interface ExperimentReport {
  readonly title: string;
  readonly tables: readonly ReportTable[];
  /** Rows that are compared with each other, the base first. */
  readonly groups: readonly { readonly title: string; readonly rows: readonly ExperimentRow[] }[];
  readonly notes: readonly string[];
}

/** Writes the page to `file`; an older one is replaced. Rejects with a CheckpointError for a damaged run folder. */
export async function writeExperimentReport(
  file: string,
  { title, tables, groups, notes }: ExperimentReport,
): Promise<void> {
  const reported = groups.map((group) => ({
    title: group.title,
    rows: group.rows.map(({ label, folders }) => ({ label, runs: readReportRuns(folders) })),
  }));
  const library = await readChartLibrary();
  const page = renderExperimentPage({ title, tables, groups: reported, notes }, library);
  writeTextAtomically(file, page, { createFolder: true });
}
