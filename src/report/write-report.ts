/** The report of one run, or of several compared: one HTML file that needs nothing else, not even a network. */

import { join } from 'node:path';
import { ConfigError } from '../errors/index.js';
import { writeTextAtomically } from '../files/index.js';
import { readChartLibrary } from './chart-library.js';
import { examplePanels } from './example-panels.js';
import { renderPage } from './page.js';
import { readReportRuns } from './read-report-run.js';

export interface ReportOptions {
  /** Where the page goes; by default `report.html` in the first run's folder. An older report is replaced. */
  readonly outFile?: string;
  /** Example images; 0 leaves them out and loads no network. */
  readonly examples?: number;
}

/**
 * @param runFolders at least one; the first is what the others are compared with
 * @returns the path of the page
 * @throws CheckpointError when a folder is no run or is damaged, ConfigError when the page can't be written
 */
export async function writeReport(
  runFolders: readonly string[],
  { outFile, examples = 4 }: ReportOptions = {},
): Promise<string> {
  const [first] = runFolders;
  if (first === undefined) throw new ConfigError('a report needs at least one run folder');
  const runs = readReportRuns(runFolders);
  const library = await readChartLibrary();
  const page = renderPage({ runs, examples: await examplePanels(runs, { count: examples }), library });
  const path = outFile ?? join(first, 'report.html');
  writeTextAtomically(path, page, { createFolder: true });
  return path;
}
