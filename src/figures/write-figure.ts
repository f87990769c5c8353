/** Writes a figure of the paper for some runs: its drawings, and the numbers behind them as JSON. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ChosenImagesOptions, measureRunImages, readRunStatistics } from '../analysis/index.js';
import { ConfigError } from '../errors/index.js';
import { writeFileAtomically } from '../files/index.js';
import { readRun } from '../runs/index.js';
import { divisionFigure } from './division-figure.js';
import type { Figure } from './figure.js';
import { lossFigure } from './loss-figure.js';
import { lowConfidenceFigure } from './low-confidence-figure.js';
import { mapsFigure } from './maps-figure.js';
import { theoryFigure } from './theory-figure.js';

/** Names the figures: the paper's figures 2 to 5, and the comparison of section 3.4. */
export const figureKinds = ['2', '3', '4', '5', 'theory'] as const;
/** Names one of the figures in `figureKinds`. */
export type FigureKind = (typeof figureKinds)[number];

/** Configures `writeFigure`. */
export interface FigureOptions {
  /** Names the folder for the files, created where it is missing; by default `figures` in the first run's folder. */
  readonly output?: string;
  /** Number of images, spread evenly over the split; by default 2 for figure 3, 4 for figure 4, 8 for the others. */
  readonly images?: number;
  /** Names the split that images are taken from; by default `train`. */
  readonly split?: 'train' | 'evaluation';
  /** Names the finer labels by which figure 2 judges the training labels. */
  readonly fineLabels?: string;
  /** Confidence below which figure 4 paints a pixel, −1..1; by default 0. */
  readonly threshold?: number;
  /** Replaces files that exist; without it, an existing file is an error and nothing is written. */
  readonly overwrite?: boolean;
  /** Receives one line when a dataset lists its classes in another order than a run's network. */
  readonly onNotice?: (notice: string) => void;
  /** Receives one line for an image that is too large for memory and is left out; without it, such an image is an error. */
  readonly onLeftOut?: (line: string) => void;
}

/** Holds the paths of the files that were written, and a table of the numbers. */
export interface WrittenFigure {
  readonly paths: readonly string[];
  /** Rows of cells; the first row is the heading. */
  readonly table: Figure['table'];
}

/**
 * Draws and writes a figure. Figures 2, 5 and theory show what training recorded (`training.statistics`); where it recorded
 * nothing, or the options name images, a split or labels, the last checkpoint is measured instead.
 *
 * @param folders run folders, at least one
 * @throws {ConfigError} when a file exists already, or the figure has nothing to show
 * @throws {FileError} when a file cannot be written
 * @throws {CheckpointError} when a folder is not a run folder or its files are damaged
 * @throws {DataError} when an image cannot be read
 */
export async function writeFigure(
  kind: FigureKind,
  folders: readonly string[],
  options: FigureOptions = {},
): Promise<WrittenFigure> {
  const [first] = folders;
  if (first === undefined)
    throw new ConfigError('writeFigure: expected at least one run folder, received none');
  readRun(first);
  const { output = join(first, 'figures'), overwrite = false } = options;
  const numbers = `figure-${kind}.json`;
  // An existing file is reported before anything is measured, which may take minutes.
  if (!overwrite) rejectExisting([join(output, numbers)]);
  const { files, data, table } = await makeFigure(kind, folders, options);
  const all = [...files, { name: numbers, content: `${JSON.stringify(data, null, 1)}\n` }];
  const paths = all.map(({ name }) => join(output, name));
  if (!overwrite) rejectExisting(paths);
  for (const [place, { content }] of all.entries()) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    writeFileAtomically(paths[place] as string, [bytes], { createFolder: true });
  }
  return { paths, table };
}

async function makeFigure(
  kind: FigureKind,
  folders: readonly string[],
  { images, split, fineLabels, threshold = 0, onNotice, onLeftOut }: FigureOptions,
): Promise<Figure> {
  const chosen = (count: number): ChosenImagesOptions => ({
    count: images ?? count,
    part: split ?? 'train',
    fineLabels: fineLabels ?? null,
    onNotice,
    onLeftOut,
  });
  const measureAgain = images !== undefined || split !== undefined || fineLabels !== undefined;
  const statistics = () =>
    readRunStatistics(folders, { images: measureAgain ? chosen(8) : null, onNotice, onLeftOut });
  switch (kind) {
    case '2':
      return divisionFigure(await statistics());
    case '3':
      return mapsFigure(await measureRunImages(folders, chosen(2)));
    case '4':
      return lowConfidenceFigure(await measureRunImages(folders, chosen(4)), { threshold });
    case '5':
      return lossFigure(await statistics());
    case 'theory':
      return theoryFigure(await statistics());
    default:
      return kind satisfies never;
  }
}

function rejectExisting(paths: readonly string[]): void {
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) return;
  throw new ConfigError(`${found}: already exists; give --overwrite, or another folder with --out`);
}
