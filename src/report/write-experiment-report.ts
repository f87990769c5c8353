/** Writes the page of an experiment: its tables, and the training behind their rows. */

import { writeTextAtomically } from '../files/index.js';
import type { ExperimentContent, ReportTable } from './experiment-content.js';
import { renderExperimentPage } from './experiment-page.js';
import { readPageAssets } from './page-assets.js';
import { readReportRuns } from './read-report-run.js';

/** Names the run folders of a row, one for each seed that was started. */
export interface ExperimentRow {
  readonly label: string;
  readonly folders: readonly string[];
}

/** Holds what the page shows, with run folders in place of the runs. */
export interface ExperimentReport {
  readonly title: string;
  readonly tables: readonly ReportTable[];
  /** Rows that are compared with each other, the base row first. */
  readonly groups: readonly { readonly title: string; readonly rows: readonly ExperimentRow[] }[];
  /** Sentences that hold for all tables. */
  readonly notes: readonly string[];
}

/**
 * Writes the page to `file`, in place of an older one.
 *
 * @throws {CheckpointError} when a run's folder is damaged
 * @throws {FileError} when the page cannot be written
 */
export async function writeExperimentReport(
  file: string,
  { groups, ...rest }: ExperimentReport,
): Promise<void> {
  const content: ExperimentContent = {
    ...rest,
    groups: groups.map(({ title, rows }) => ({
      title,
      rows: rows.map(({ label, folders }) => ({ label, runs: readReportRuns(folders) })),
    })),
  };
  const page = renderExperimentPage(content, await readPageAssets());
  writeTextAtomically(file, page, { createFolder: true });
}
