/** The statistics of a run over its training: as it recorded them, or measured now with its last checkpoint. */

import { storedConfig } from '../config/internal.js';
import { CoarselyError } from '../errors/index.js';
import { loadRun } from '../evaluation/index.js';
import { inferenceDevice, predictedClasses } from '../evaluation/internal.js';
import { type ComponentSection, createComponent } from '../registry/index.js';
import { reweighters } from '../reweighting/index.js';
import { metricRecords, type PixelStatistics, type Run, readRun } from '../runs/index.js';
import { Generator, setThreads, tidy } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import { ChosenImages, type ChosenImagesOptions } from './chosen-images.js';
import { measureStatistics } from './measure-statistics.js';
import { modelWithObjective } from './model-with-objective.js';
import { runLabels } from './run-labels.js';

/** Holds the statistics of one moment of training. */
export interface StatisticsMoment {
  readonly step: number;
  readonly statistics: PixelStatistics;
}

/** Holds the statistics of a run at one or several moments of its training. */
export interface RunStatistics {
  /** Unique among the runs that are shown together. */
  readonly label: string;
  readonly folder: string;
  /** In the order of their steps; at least one. */
  readonly moments: readonly StatisticsMoment[];
  /** Says where they come from: training recorded them, or they were measured with the last checkpoint. */
  readonly source: 'recorded' | 'measured';
  /** Order p of the norm under which the run's weights maximize the loss; null where they do not. */
  readonly p: number | null;
}

/**
 * Reads or measures the statistics of every run.
 *
 * @param options.images which images to measure on; null takes what training recorded, and measures 8 training images
 *   where it recorded nothing
 * @param options.onNotice receives one line when a dataset lists its classes in another order than a run's network
 * @throws {CheckpointError} when a folder is not a run's, is damaged, or has no checkpoint to measure with
 * @throws {DataError} when an image cannot be read
 * @throws {ConfigError} when a dataset has other classes than the network of its run
 */
export async function readRunStatistics(
  folders: readonly string[],
  {
    images,
    onNotice,
    onLeftOut,
  }: Pick<ChosenImagesOptions, 'onLeftOut'> & {
    readonly images: ChosenImagesOptions | null;
    readonly onNotice?: ((notice: string) => void) | undefined;
  },
): Promise<RunStatistics[]> {
  const all: RunStatistics[] = [];
  const runs = folders.map((folder) => readRun(folder));
  for (const [place, label] of runLabels(runs).entries()) {
    const run = runs[place] as Run;
    const recorded = images === null ? recordedRun(run, label) : null;
    all.push(
      recorded ?? (await measuredRun(run, { label, chosen: images ?? { count: 8, onNotice, onLeftOut } })),
    );
  }
  return all;
}

/**
 * Returns the statistics that training recorded; null when it recorded none.
 *
 * @throws {CheckpointError} when they are damaged
 */
export function recordedRun(run: Run, label: string): RunStatistics | null {
  const records = metricRecords(run, 'statistics');
  if (records.length === 0) return null;
  const moments = records.map(({ step, values }) => ({ step, statistics: values }));
  return { label, folder: run.folder, moments, source: 'recorded', p: normOrderOf(run) };
}

/** Returns the last moment of a run. */
export function lastMoment({ moments }: RunStatistics): StatisticsMoment {
  return moments.at(-1) as StatisticsMoment;
}

async function measuredRun(
  run: Run,
  { label, chosen }: { readonly label: string; readonly chosen: ChosenImagesOptions },
): Promise<RunStatistics> {
  const moments = [await measureRun(run.folder, chosen)];
  return { label, folder: run.folder, moments, source: 'measured', p: normOrderOf(run) };
}

/** Asks the run's reweighter for its order; null also for one that this version or process does not know. */
function normOrderOf(run: Run): number | null {
  const { reweighter: section } = storedConfig(run);
  if (!isComponentSection(section)) return null;
  try {
    using generator = new Generator(0);
    return tidy(() => {
      // The order depends on the options alone, so that any context will do.
      const context = { classCount: 2, datasetLength: 0, generator };
      const reweighter = createComponent(reweighters, section, context);
      const { normOrder = null } = reweighter;
      reweighter.dispose();
      return normOrder;
    });
  } catch (error) {
    if (error instanceof CoarselyError) return null;
    throw error;
  }
}

function isComponentSection(value: unknown): value is ComponentSection {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}

async function measureRun(folder: string, chosen: ChosenImagesOptions): Promise<StatisticsMoment> {
  using run = await loadRun(folder);
  setThreads(resolveThreads(run.config.threads));
  const images = await ChosenImages.open(run.config.data, {
    ...chosen,
    network: predictedClasses(run),
  });
  using model = modelWithObjective(run, {
    device: inferenceDevice(run.config),
    datasetLength: images.trainingLength,
  });
  const { onLeftOut } = chosen;
  return { step: run.step, statistics: await measureStatistics(model, images, { onLeftOut }) };
}
