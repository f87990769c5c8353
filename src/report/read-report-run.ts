/** Reads from a run's folder everything that a report shows of it. */

import { recordedRun, runLabels } from '../analysis/internal.js';
import { storedConfig } from '../config/internal.js';
import { formatBytes } from '../format/index.js';
import {
  type MetricRecord,
  metricRecords,
  type Run,
  readProfile,
  readRun,
  readRunHistory,
} from '../runs/index.js';
import { initialWeightsOf, runEnvironment } from '../runs/internal.js';
import { type QuickRun, quickRunOf, quickText, timesText } from './quick-run.js';
import type { ReportedEvaluation, ReportRun, Series, WeightFunction } from './report-run.js';

/**
 * Reads runs, in the order of their folders, and gives them labels that tell them apart.
 *
 * @throws {CheckpointError} when a folder is not a run's or a file in it is damaged; the message names the file
 */
export function readReportRuns(folders: readonly string[]): ReportRun[] {
  return reportRunsOf(folders.map((folder) => readRun(folder)));
}

/** Returns what a report shows of runs that were read, with labels that tell them apart. */
export function reportRunsOf(runs: readonly Run[]): ReportRun[] {
  const labels = runLabels(runs);
  return runs.map((run, place) => readReportRun(run, labels[place] as string));
}

function readReportRun(run: Run, label: string): ReportRun {
  const config = storedConfig(run);
  const quick = quickRunOf(run, config);
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
    quick,
    statistics: recordedRun(run, label),
    profile: readProfile(run.folder),
    environment: [...quickRows(quick), ...environmentOf(run, config)],
  };
}

/** Returns the losses that are finite; the curve has a gap at other steps. */
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

/** Returns the function, or nothing where a weight was not finite. */
function weightFunctionOf({
  step,
  values: { confidence, weight, byAgreement = [] },
}: MetricRecord<'weights'>): WeightFunction[] {
  const finite = finiteOf(weight);
  if (finite === null) return [];
  const levels = byAgreement.flatMap((level) => {
    const there = finiteOf(level.weight);
    return there === null ? [] : [{ agreement: level.agreement, weight: there }];
  });
  return [{ step, confidence, weight: finite, byAgreement: levels }];
}

function finiteOf(weights: readonly (number | null)[]): number[] | null {
  const finite = weights.filter((one) => one !== null);
  return finite.length === weights.length ? finite : null;
}

/** Describes what a quick run trained, and where its time went. */
function quickRows(quick: QuickRun | null): [string, string][] {
  if (quick === null) return [];
  const rows: [string, string][] = [['Quick run', quickText(quick)]];
  if (quick.times !== null) rows.push(['Time', timesText(quick.times)]);
  return rows;
}

/** Describes where and how the run was computed, as names and values. */
function environmentOf(run: Run, config: Readonly<Record<string, unknown>>): [string, string][] {
  const rows = Object.entries(runEnvironment(run));
  const settings = ['device', 'precision', 'seed'].filter((key) => config[key] !== undefined);
  if (settings.length > 0) rows.push(['Settings', settings.map((key) => `${key} ${config[key]}`).join(', ')]);
  const { lastCheckpoint } = run;
  const initialWeights = lastCheckpoint && initialWeightsOf(lastCheckpoint);
  if (initialWeights !== null) rows.push(['Initial weights', initialWeights]);
  rows.push(['Checkpoint', lastCheckpoint === null ? 'none yet' : `step ${lastCheckpoint.step}`]);
  rows.push(...memoryOf(run));
  rows.push(
    ...readRunHistory(run.folder).map(({ step, text }): [string, string] => [
      `Changed at step ${step}`,
      text,
    ]),
  );
  rows.push(['Repeat with', `coarsely train ${run.folder}/config.yaml`]);
  return rows;
}

/** Returns the highest memory of a run; nothing for runs of a version that recorded none. */
function memoryOf(run: Run): [string, string][] {
  const records = metricRecords(run, 'memory');
  const [first, ...others] = records;
  if (first === undefined) return [];
  const highest = others.reduce(
    (most, one) => (one.values.peakTensorBytes > most.values.peakTensorBytes ? one : most),
    first,
  );
  const resident = Math.max(...records.map(({ values }) => values.residentBytes));
  const peak = formatBytes(highest.values.peakTensorBytes);
  return [['Memory', `tensors at most ${peak} (by step ${highest.step}), process ${formatBytes(resident)}`]];
}

function numberAt(config: unknown, [key, ...rest]: readonly string[]): number | null {
  if (key === undefined) return typeof config === 'number' ? config : null;
  return isRecord(config) ? numberAt(config[key], rest) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
