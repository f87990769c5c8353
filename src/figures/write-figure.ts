/** One figure of the paper for some runs, as files: drawings, and the numbers behind them as JSON. */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  ChosenImages,
  type ChosenImagesOptions,
  inspectImage,
  readRunStatistics,
  subjectOf,
} from '../analysis/index.js';
import { runLabels } from '../analysis/internal.js';
import { ConfigError } from '../errors/index.js';
import { loadRun } from '../evaluation/index.js';
import { inferenceDevice } from '../evaluation/internal.js';
import { writeTextAtomically } from '../files/index.js';
import { readRun } from '../runs/index.js';
import { setThreads } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import { divisionFigure } from './division-figure.js';
import type { Figure } from './figure.js';
import { lossFigure } from './loss-figure.js';
import { lowConfidenceFigure } from './low-confidence-figure.js';
import { type InspectedImage, mapsFigure } from './maps-figure.js';
import { theoryFigure } from './theory-figure.js';

/** The paper's figures 2 to 5, and section 3.4 as one. */
export const figureKinds = ['2', '3', '4', '5', 'theory'] as const;
export type FigureKind = (typeof figureKinds)[number];

export interface FigureOptions {
  /** Folder of the files, made where it is missing; by default `figures` in the first run's folder. */
  readonly output?: string;
  /** Images that are looked at, spread evenly over the split; by default 2 for maps, 4 for Fig. 4, 8 for statistics. */
  readonly images?: number;
  readonly split?: 'train' | 'evaluation';
  /** Labels to judge those of training by, for Fig. 2. */
  readonly fineLabels?: string;
  /** Confidence below which Fig. 4 paints a pixel. */
  readonly threshold?: number;
  /** Without it, a file that exists stops everything before anything is written. */
  readonly overwrite?: boolean;
}

export interface WrittenFigure {
  readonly paths: readonly string[];
  readonly table: Figure['table'];
}

/**
 * Figures 2, 5 and theory take what training recorded (`training.statistics`); where it recorded nothing, or images, a
 * split or labels are asked for, the last checkpoint is measured instead.
 *
 * @param folders at least one run
 * @throws ConfigError when a file exists already or a figure has nothing to show; CheckpointError and DataError as
 *   reading runs and images does
 */
export async function writeFigure(
  kind: FigureKind,
  folders: readonly string[],
  options: FigureOptions = {},
): Promise<WrittenFigure> {
  const [first] = folders;
  if (first === undefined) throw new ConfigError('a figure needs at least one run folder');
  readRun(first);
  const { output = join(first, 'figures'), overwrite = false } = options;
  const numbers = `figure-${kind}.json`;
  // Before anything is measured, which may take minutes.
  if (!overwrite) rejectExisting([join(output, numbers)]);
  const { files, data, table } = await drawFigure(kind, folders, options);
  const all = [...files, { name: numbers, content: `${JSON.stringify(data, null, 1)}\n` }];
  const paths = all.map(({ name }) => join(output, name));
  if (!overwrite) rejectExisting(paths);
  try {
    mkdirSync(output, { recursive: true });
    for (const [place, { content }] of all.entries()) {
      writeTextAtomically(paths[place] as string, content as string);
    }
  } catch (cause) {
    throw new ConfigError(`${output}: the figure can't be written (${(cause as Error).message})`, { cause });
  }
  return { paths, table };
}

async function drawFigure(
  kind: FigureKind,
  folders: readonly string[],
  options: FigureOptions,
): Promise<Figure> {
  const { images, split, fineLabels, threshold = 0 } = options;
  const chosen = (count: number): ChosenImagesOptions => ({
    count: images ?? count,
    part: split ?? 'train',
    fineLabels: fineLabels ?? null,
  });
  const asked = images !== undefined || split !== undefined || fineLabels !== undefined;
  const statistics = () => readRunStatistics(folders, { images: asked ? chosen(8) : null });
  switch (kind) {
    case '2':
      return divisionFigure(await statistics());
    case '3':
      return mapsFigure(await inspectRuns(folders, chosen(2)));
    case '4':
      return lowConfidenceFigure(await inspectRuns(folders, chosen(4)), { threshold });
    case '5':
      return lossFigure(await statistics());
    case 'theory':
      return theoryFigure(await statistics());
    default:
      return kind satisfies never;
  }
}

/** Every run's last checkpoint on the chosen images. */
async function inspectRuns(
  folders: readonly string[],
  chosen: ChosenImagesOptions,
): Promise<InspectedImage[]> {
  const labels = runLabels(folders.map((folder) => readRun(folder)));
  const inspected: InspectedImage[] = [];
  for (const [place, folder] of folders.entries()) {
    using run = await loadRun(folder);
    setThreads(resolveThreads(run.config.threads));
    const images = await ChosenImages.open(run.config.data, chosen);
    using subject = subjectOf(run, {
      device: inferenceDevice(run.config),
      datasetLength: images.trainingLength,
    });
    for (const index of images.indices) {
      const image = await images.read(index);
      inspected.push({
        label: labels[place] as string,
        folder,
        step: run.step,
        confidenceKind: run.config.confidence.kind,
        classes: run.classes,
        image,
        inspection: inspectImage(subject, image.sample, { teaching: image.teaching, index }),
      });
    }
  }
  return inspected;
}

function rejectExisting(paths: readonly string[]): void {
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) return;
  throw new ConfigError(`${found}: already exists; give --overwrite, or another folder with --out`);
}
