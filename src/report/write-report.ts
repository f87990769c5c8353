/** Writes the report of one run, or of several compared, as one HTML file that needs nothing else, not even a network. */

import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../errors/index.js';
import { writeTextAtomically } from '../files/index.js';
import { examplePanels } from './example-panels.js';
import { renderPage } from './page.js';
import { readPageAssets } from './page-assets.js';
import { readReportRuns } from './read-report-run.js';

/** Configures `writeReport`. */
export interface ReportOptions {
  /** Path of the page; by default `report.html` in the first run's folder. An older report is replaced. */
  readonly outFile?: string;
  /** Number of example images; with 0 the report has none, and no network is loaded. */
  readonly examples?: number;
  /** Receives one line for an example image that is too large for memory; the page says so in its place. */
  readonly onLeftOut?: (line: string) => void;
}

/**
 * Writes a report and returns its path.
 *
 * @param runFolders at least one; the other runs are compared with the first
 * @throws {CheckpointError} when a folder is not a run's or is damaged
 * @throws {ConfigError} when there is no folder, and when `outFile` is a file that is no report
 * @throws {FileError} when the page cannot be written
 */
export async function writeReport(
  runFolders: readonly string[],
  { outFile, examples = 4, onLeftOut }: ReportOptions = {},
): Promise<string> {
  const [first] = runFolders;
  if (first === undefined) throw new ConfigError('a report needs at least one run folder');
  const path = outFile ?? join(first, 'report.html');
  rejectOtherFile(path);
  const runs = readReportRuns(runFolders);
  const content = { runs, examples: await examplePanels(runs, { count: examples, onLeftOut }) };
  const page = renderPage({ ...content, assets: await readPageAssets() });
  writeTextAtomically(path, page, { createFolder: true });
  return path;
}

const pageStart = '<!doctype html>';

/** Throws when a file that no report was written to is in the way, as writing would replace it. */
function rejectOtherFile(path: string): void {
  if (!existsSync(path)) return;
  const start = new Uint8Array(pageStart.length);
  if (statSync(path).isFile()) {
    const file = openSync(path, 'r');
    try {
      readSync(file, start, 0, start.length, 0);
    } finally {
      closeSync(file);
    }
    if (Buffer.from(start).toString('latin1').toLowerCase() === pageStart) return;
  }
  throw new ConfigError(`${path}: exists and is no report; choose another file with --out, or remove it`);
}
