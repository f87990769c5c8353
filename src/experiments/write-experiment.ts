/** Writes the results of an experiment so far: its tables, and the page that shows them. */

import path from 'node:path';
import { writeExperimentReport } from '../report/internal.js';
import { experimentReport } from './experiment-report.js';
import type { ExperimentPlan } from './plan.js';
import { type ExperimentResults, type ResultsOptions, readResults, writeTables } from './write-results.js';

/** Reads the run folders, writes tables and `report.html` into the experiment's folder, and returns the results. */
export async function writeExperiment(
  plan: ExperimentPlan,
  options: ResultsOptions,
): Promise<ExperimentResults> {
  const results = readResults(plan, options);
  writeTables(plan, results);
  await writeExperimentReport(path.join(plan.output, 'report.html'), experimentReport(plan, results));
  return results;
}
