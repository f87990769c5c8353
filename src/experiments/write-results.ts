/** Writes the results of an experiment so far as Markdown and JSON. Every file is replaced atomically. */

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { writeTextAtomically } from '../files/index.js';
import { formatNumber } from '../format/index.js';
import { tableLabel } from './experiment-table.js';
import { jobStatus } from './job-status.js';
import { labelingRows } from './labeling-rows.js';
import { tableMarkdown, tablesMarkdown } from './markdown.js';
import type { KnownJob } from './paired-difference.js';
import type { ExperimentPlan } from './plan.js';
import { modeTitle } from './scale.js';
import { sizeNotes } from './size-notes.js';
import { type TableResult, tableResult } from './table-result.js';

/** Holds the results of an experiment. */
export interface ExperimentResults {
  readonly tables: readonly TableResult[];
  /** Tells what holds for all tables: scale, machine, command; a line each. */
  readonly notes: readonly string[];
}

/** Configures the results of an experiment. */
export interface ResultsOptions {
  /** Holds the command line that repeats the experiment. */
  readonly command: string;
}

/** Reads every run folder of the plan, those of earlier starts included. */
export function readResults(plan: ExperimentPlan, { command }: ResultsOptions): ExperimentResults {
  const jobs = plan.jobs.map((job) => ({ job, status: jobStatus(job) }));
  return {
    tables: plan.tables.map((table) => tableResult(table, { plan, jobs })),
    notes: notesOf(plan, { jobs, command }),
  };
}

/** Writes `table1.md` and `table1.json` for each table, and several tables once more as one page, `tables.md`. */
export function writeTables(plan: ExperimentPlan, { tables, notes }: ExperimentResults): void {
  const { output } = plan;
  mkdirSync(output, { recursive: true });
  if (tables.length > 1) {
    const page = tablesMarkdown(tables, { title: experimentTitle(plan), notes });
    writeTextAtomically(path.join(output, 'tables.md'), page);
  }
  for (const table of tables) {
    const write = (ending: string, text: string) =>
      writeTextAtomically(path.join(output, `${table.name}.${ending}`), text);
    write('md', tableMarkdown(table, notes));
    const content = labelingRows(table, plan.scale.mode);
    write('json', `${JSON.stringify({ ...(content ?? table), notes }, nanAsText, 1)}\n`);
  }
}

/** Returns a title such as `Table 1, Table 2, quick mode`. */
export function experimentTitle({ tables, scale }: ExperimentPlan): string {
  return `${tables.map(({ name }) => tableLabel(name)).join(', ')}${modeTitle(scale.mode)}`;
}

/** Replaces NaN, which is a result here and has no form in JSON, by text. */
function nanAsText(_key: string, value: unknown): unknown {
  return Number.isNaN(value) ? 'NaN' : value;
}

/** Writes seconds as minutes, or as seconds where they are less than two. */
function timeText(seconds: number): string {
  return seconds < 120
    ? `${formatNumber(seconds, { decimals: 0 })} seconds`
    : `${formatNumber(seconds / 60, { decimals: 1 })} minutes`;
}

function notesOf(
  { scale, leftOut }: ExperimentPlan,
  { jobs, command }: ResultsOptions & { readonly jobs: readonly KnownJob[] },
): string[] {
  const finished = jobs.flatMap(({ status }) => (status.state === 'finished' ? [status] : []));
  const machines = new Set(finished.map(({ environment }) => Object.values(environment).join('; ')));
  const mean = finished.reduce((sum, { seconds }) => sum + seconds, 0) / finished.length;
  const spent = finished.length === 0 ? '' : `, ${timeText(mean)} each`;
  return [
    ...scale.notes,
    ...scale.dataNotes,
    ...sizeNotes(jobs.map(({ job }) => job)),
    `${finished.length} of ${jobs.length} runs are finished${spent}.`,
    ...(leftOut.length === 0 ? [] : [`Left out, as they hold another config: ${leftOut.join(', ')}.`]),
    ...[...machines].map((machine) => `Run on: ${machine}.`),
    `Command: \`${command}\``,
  ];
}
