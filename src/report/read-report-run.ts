/** From a run's folder to what the page shows of it. */
import { recordedRun, runLabels } from '../analysis/internal.js';
import { storedConfig } from '../config/internal.js';
import { type MetricRecord, metricRecords, type Run, readProfile, readRun } from '../runs/index.js';
import { runEnvironment } from '../runs/internal.js';
import type { ReportedEvaluation, ReportRun, Series, WeightFunction } from './report-run.js';

/**
 * @returns the runs in the order of the folders, with labels that tell them apart
 * @throws {CheckpointError} when a folder is no run or a file in it is damaged; the file is named
 */
export function readReportRuns(folders: readonly string[]): ReportRun[] {
  const runs = folders.map((folder) => readRun(folder));
  const labels = runLabels(runs);
  return runs.map((run, place) => readReportRun(run, labels[place] as string));
}

function readReportRun(run: Run, label: string): ReportRun {
  const config = storedConfig(run);
  return {
    label,
    folder: run.folder,
    config,
    configText: run.configYaml,
    iterations: numberAt(config, ['training', 'iterations']),
    lastStep: run.metrics.at(-1)?.step ?? run.lastCheckpoint?.step ?? 0,
    hasCheckpoint: run.lastCheckpoint !== null,
    loss: lossOf(run),
    evaluations: metricRecords(run, 'val').map(evaluationOf),
    weightFunctions: metricRecords(run, 'weights').flatMap(weightFunctionOf),
    statistics: recordedRun(run, label),
    profile: readProfile(run.folder),
    environment: environmentOf(run, config),
  };
}

/** Leaves out steps whose loss was not finite, so the curve has a gap there. */
function lossOf(run: Run): Series {
  const finite = metricRecords(run, 'train').flatMap(({ step, values: { mainLoss } }) =>
    mainLoss === null ? [] : [{ step, mainLoss }],
  );
  return { steps: finite.map(({ step }) => step), values: finite.map(({ mainLoss }) => mainLoss) };
}

function evaluationOf({ step, values }: MetricRecord<'val'>): ReportedEvaluation {
  const { boundaryF1 = null, trimapMIoU = [], ...scores } = values;
  return { step, boundaryF1, trimapMIoU, ...scores };
}

/** Returns no function where a weight was not finite. */
function weightFunctionOf({
  step,
  values: { confidence, weight },
}: MetricRecord<'weights'>): WeightFunction[] {
  const finite = weight.filter((one) => one !== null);
  return finite.length === weight.length ? [{ step, confidence, weight: finite }] : [];
}

/** Returns what the folder says of where and how the run was computed, as name and value. */
function environmentOf(run: Run, config: Readonly<Record<string, unknown>>): [string, string][] {
  const rows = Object.entries(runEnvironment(run));
  const placed = ['device', 'precision', 'seed'].filter((key) => config[key] !== undefined);
  if (placed.length > 0) rows.push(['Asked for', placed.map((key) => `${key} ${config[key]}`).join(', ')]);
  const { lastCheckpoint } = run;
  rows.push(['Checkpoint', lastCheckpoint === null ? 'none yet' : `step ${lastCheckpoint.step}`]);
  rows.push(['Repeat with', `coarsely train ${run.folder}/config.yaml`]);
  return rows;
}

function numberAt(config: unknown, [key, ...rest]: readonly string[]): number | null {
  if (key === undefined) return typeof config === 'number' ? config : null;
  return isRecord(config) ? numberAt(config[key], rest) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
