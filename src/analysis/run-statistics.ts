/** The statistics of a run over its time: as training recorded them, or measured now with its last checkpoint. */

import { basename, resolve } from 'node:path';
import { storedConfig } from '../config/internal.js';
import { CoarselyError } from '../errors/index.js';
import { loadRun } from '../evaluation/index.js';
import { inferenceDevice } from '../evaluation/internal.js';
import { type ComponentSection, createComponent } from '../registry/index.js';
import { reweighters } from '../reweighting/index.js';
import { metricRecords, type PixelStatistics, type Run, readRun } from '../runs/index.js';
import { Generator, setThreads, tidy } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import { measureStatistics } from './measure-statistics.js';
import { subjectOf } from './subject.js';
import { ChosenImages, type ChosenImagesOptions } from './training-images.js';

export interface StatisticsMoment {
  readonly step: number;
  readonly statistics: PixelStatistics;
}

export interface RunStatistics {
  /** Unique among the runs of a figure. */
  readonly label: string;
  readonly folder: string;
  /** In the order of their steps; at least one. */
  readonly moments: readonly StatisticsMoment[];
  /** Whether training recorded them, or they were measured with the last checkpoint. */
  readonly source: 'recorded' | 'measured';
  /** `normOrder` of the run's reweighter: of the norm under which its weights climb the loss; null where they don't. */
  readonly p: number | null;
}

/**
 * @param images which images to measure on; null takes what training recorded, and measures only where it recorded
 *   nothing
 * @throws CheckpointError when a folder is no run, is damaged, or has nothing to measure yet; DataError as reading does
 */
export async function readRunStatistics(
  folders: readonly string[],
  { images }: { readonly images: ChosenImagesOptions | null },
): Promise<RunStatistics[]> {
  const all: RunStatistics[] = [];
  const runs = folders.map((folder) => readRun(folder));
  for (const [place, label] of runLabels(runs).entries()) {
    const run = runs[place] as Run;
    const recorded = images === null ? recordedRun(run, label) : null;
    all.push(recorded ?? (await measuredRun(run, { label, chosen: images ?? { count: 8 } })));
  }
  return all;
}

/** A run as training recorded it; null when it recorded no statistics. @throws CheckpointError when they are damaged */
export function recordedRun(run: Run, label: string): RunStatistics | null {
  const records = metricRecords(run, 'statistics');
  if (records.length === 0) return null;
  const moments = records.map(({ step, values }) => ({ step, statistics: values }));
  return { ...described(run, label), moments, source: 'recorded' };
}

async function measuredRun(
  run: Run,
  { label, chosen }: { readonly label: string; readonly chosen: ChosenImagesOptions },
): Promise<RunStatistics> {
  const moments = [await measureRun(run.folder, chosen)];
  return { ...described(run, label), moments, source: 'measured' };
}

function described(run: Run, label: string) {
  const { reweighter } = configOf(run);
  return { label, folder: run.folder, p: reweighter === null ? null : normOrderOf(reweighter) };
}

/** The reweighter itself says; null also of one that can't be made here, being of another version or process. */
function normOrderOf(section: ComponentSection): number | null {
  try {
    using generator = new Generator(0);
    return tidy(() => {
      // The order depends on its options alone.
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

async function measureRun(folder: string, chosen: ChosenImagesOptions): Promise<StatisticsMoment> {
  using run = await loadRun(folder);
  setThreads(resolveThreads(run.config.threads));
  const images = await ChosenImages.open(run.config.data, chosen);
  const device = inferenceDevice(run.config);
  using subject = subjectOf(run, { device, datasetLength: images.trainingLength });
  return { step: run.step, statistics: await measureStatistics(subject, images) };
}

/** The names of runs; two of one name are told apart by their folders. */
export function runLabels(runs: readonly Pick<Run, 'folder' | 'configYaml'>[]): string[] {
  const names = runs.map((run) => configOf(run).name ?? basename(resolve(run.folder)));
  return runs.map(({ folder }, place) => {
    const name = names[place] as string;
    const namesakes = runs.filter((_, other) => names[other] === name);
    if (namesakes.length === 1) return name;
    // Two seeds of one recipe share a name; their folders don't share a path.
    const own = basename(resolve(folder));
    return namesakes.filter((other) => basename(resolve(other.folder)) === own).length === 1 ? own : folder;
  });
}

interface RunConfig {
  readonly name: string | null;
  readonly reweighter: ComponentSection | null;
}

/** Returns the little that labels need, also of a config that another version wrote. */
function configOf(run: Pick<Run, 'folder' | 'configYaml'>): RunConfig {
  const { name, reweighter } = storedConfig(run);
  return {
    name: typeof name === 'string' ? name : null,
    reweighter: isSection(reweighter) ? reweighter : null,
  };
}

function isSection(value: unknown): value is ComponentSection {
  return isRecord(value) && typeof value.kind === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
