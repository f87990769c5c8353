/** From a run's folder to what the page shows of it. */
import { recordedRun, runLabels } from '../analysis/internal.js';
import { storedConfig } from '../config/internal.js';
import { CheckpointError } from '../errors/index.js';
import { type MetricLine, type Run, readProfile, readRun } from '../runs/index.js';
import type { ReportedEvaluation, ReportRun, Series, WeightFunction } from './report-run.js';

/**
 * @returns the runs in the order of the folders, with labels that tell them apart
 * @throws CheckpointError when a folder is no run or a file in it is damaged; the file is named
 */
export function readReportRuns(folders: readonly string[]): ReportRun[] {
  const runs = folders.map((folder) => readRun(folder));
  const labels = runLabels(runs);
  return runs.map((run, place) => readReportRun(run, labels[place] as string));
}

function readReportRun(run: Run, label: string): ReportRun {
  const config = storedConfig(run);
  const train = run.metrics.filter((line) => line.split === 'train');
  const lossIsPlain = train.some((line) => 'mainLoss' in line.values);
  const weights = run.metrics.filter((line) => line.split === 'weights');
  const evaluations = run.metrics.filter((line) => line.split === 'val');
  return {
    label,
    folder: run.folder,
    config,
    configText: run.configYaml,
    iterations: numberAt(config, ['training', 'iterations']),
    lastStep: run.metrics.at(-1)?.step ?? run.lastCheckpoint?.step ?? 0,
    hasCheckpoint: run.lastCheckpoint !== null,
    loss: seriesOf(train, lossIsPlain ? 'mainLoss' : 'loss'),
    lossIsPlain,
    evaluations: evaluations.map((line) => evaluationOf(line, run)),
    weightFunctions: weights.map((line) => weightFunctionOf(line, run)),
    statistics: recordedRun(run, label),
    profile: readProfile(run.folder),
    circumstances: circumstancesOf(run, { config, train }),
  };
}

/** Values that were not finite are null in the file, and a curve has a gap there. */
function seriesOf(lines: readonly MetricLine[], key: string): Series {
  const finite = lines.filter((line) => typeof line.values[key] === 'number');
  return {
    steps: finite.map((line) => line.step),
    values: finite.map((line) => line.values[key] as number),
  };
}

function evaluationOf(line: MetricLine, run: Run): ReportedEvaluation {
  const { step, values } = line;
  const { perClass = [] } = values;
  if (!Array.isArray(perClass)) throw damaged(run, step, 'perClass as a list');
  return {
    step,
    aAcc: fraction(values.aAcc),
    mAcc: fraction(values.mAcc),
    mIoU: fraction(values.mIoU),
    boundaryF1: fraction(values.boundaryF1),
    trimapMIoU: trimapOf(line, run),
    perClass: perClass.map((one) => {
      if (!isRecord(one) || typeof one.name !== 'string') throw damaged(run, step, 'a name for every class');
      return { name: one.name, iou: fraction(one.iou), accuracy: fraction(one.accuracy) };
    }),
  };
}

function trimapOf({ step, values }: MetricLine, run: Run): ReportedEvaluation['trimapMIoU'] {
  const { trimapMIoU = [] } = values;
  if (!Array.isArray(trimapMIoU)) throw damaged(run, step, 'trimapMIoU as a list');
  return trimapMIoU.map((one) => {
    if (!isRecord(one) || typeof one.width !== 'number') throw damaged(run, step, 'a width for every trimap');
    return { width: one.width, mIoU: fraction(one.mIoU) };
  });
}

function weightFunctionOf({ step, values }: MetricLine, run: Run): WeightFunction {
  const { confidence, weight } = values;
  if (!isNumbers(confidence) || !isNumbers(weight) || confidence.length !== weight.length) {
    throw damaged(run, step, 'confidence and weight as lists of numbers of one length');
  }
  return { step, confidence, weight };
}

/** What the folder says of how the run ran. A trainer may add rows under `circumstances` in its state. */
function circumstancesOf(
  run: Run,
  { config, train }: { config: Readonly<Record<string, unknown>>; train: readonly MetricLine[] },
): [string, string][] {
  const rows: [string, string][] = [];
  const told = run.lastCheckpoint?.state.circumstances;
  if (isRecord(told)) for (const [name, value] of Object.entries(told)) rows.push([name, String(value)]);
  const placed = ['device', 'precision', 'seed'].filter((key) => config[key] !== undefined);
  if (placed.length > 0) rows.push(['Asked for', placed.map((key) => `${key} ${config[key]}`).join(', ')]);
  const speeds = seriesOf(train, 'imagesPerSecond').values;
  if (speeds.length > 0)
    rows.push(['Speed', `${median(speeds).toPrecision(3)} images/s (median while training)`]);
  const { lastCheckpoint } = run;
  rows.push(['Checkpoint', lastCheckpoint === null ? 'none yet' : `step ${lastCheckpoint.step}`]);
  rows.push(['Repeat with', `coarsely train ${run.folder}/config.yaml`]);
  return rows;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

function damaged({ folder }: Run, step: number, expected: string): CheckpointError {
  return new CheckpointError(
    `${folder}/metrics.jsonl: the line of step ${step} is damaged: expected ${expected}`,
  );
}

function fraction(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'number');
}

function numberAt(config: unknown, [key, ...rest]: readonly string[]): number | null {
  if (key === undefined) return typeof config === 'number' ? config : null;
  return isRecord(config) ? numberAt(config[key], rest) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
