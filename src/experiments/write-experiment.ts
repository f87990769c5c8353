/** Writes an experiment so far: its tables, and the page that shows them. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { type ExperimentReport, type ExperimentRow, writeExperimentReport } from '../report/internal.js';
import { claimTable, verdictNotes } from './claim-text.js';
import { type TableRow, tableLabel } from './experiment-table.js';
import { remarksOf, textTable } from './markdown.js';
import { type ExperimentPlan, runOfRow } from './plan.js';
import {
  type ExperimentResults,
  experimentTitle,
  type ResultsOptions,
  readResults,
  writeTables,
} from './write-results.js';

/**
 * Reads the run folders, writes the tables and `report.html` into the experiment's folder, and returns the results.
 * @throws {CheckpointError} when a run folder is damaged
 * @throws {FileError} when a file cannot be written
 */
export async function writeExperiment(
  plan: ExperimentPlan,
  options: ResultsOptions,
): Promise<ExperimentResults> {
  const results = readResults(plan, options);
  writeTables(plan, results);
  await writeExperimentReport(path.join(plan.output, 'report.html'), experimentReport(plan, results));
  return results;
}

/** Returns the tables as text, and the run folders of each group of rows that share a base. */
function experimentReport(plan: ExperimentPlan, { tables, notes }: ExperimentResults): ExperimentReport {
  return {
    title: experimentTitle(plan),
    tables: tables.map((result) => ({
      name: result.name,
      title: `${tableLabel(result.name)}: ${result.title}`,
      labelColumns: result.columns.length,
      ...textTable(result),
      claims: claimTable(result.claims),
      remarks: remarksOf(result),
    })),
    groups: groupsOf(plan),
    notes: [...(tables.some(({ claims }) => claims.length > 0) ? verdictNotes : []), ...notes],
  };
}

/** Returns the groups of rows that share a base; a group in several tables is drawn once. */
function groupsOf(plan: ExperimentPlan): ExperimentReport['groups'] {
  const groups = new Map<string, Map<string, ExperimentRow>>();
  for (const table of plan.tables) {
    for (const row of table.rows) addRow(row, { plan, groups });
  }
  return [...groups]
    .filter(([, rows]) => rows.size > 1)
    .map(([base, rows]) => ({ title: `Against ${base}`, rows: [...rows.values()] }));
}

interface Groups {
  readonly plan: ExperimentPlan;
  readonly groups: Map<string, Map<string, ExperimentRow>>;
}

function addRow({ run, base }: TableRow, { plan, groups }: Groups): void {
  const own = runOfRow(run, plan.scale);
  const against = runOfRow(base ?? run, plan.scale);
  if ('missing' in own || 'missing' in against) return;
  const folders = plan.jobs
    .filter(({ runName, folder }) => runName === own.runName && existsSync(path.join(folder, 'config.yaml')))
    .map(({ folder }) => folder);
  if (folders.length === 0) return;
  const rows = groups.get(against.runName) ?? new Map<string, ExperimentRow>();
  rows.set(own.runName, { label: own.runName, folders });
  groups.set(against.runName, rows);
}
