/**
 * Fills what coarse labels leave open: for every image, a trained network, the colors and the labels that are there say which
 * class the other pixels have. The result is a folder of label files that can be looked at, corrected and trained on.
 */

import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { datasetSection } from '../config/index.js';
import {
  alignClasses,
  encodeLabelPng,
  ignoreIndex,
  openDataset,
  openPoints,
  type PointLabels,
  readLabels,
  type Sample,
  type SegmentationDataset,
  type Share,
} from '../data/index.js';
import { wholeShare } from '../data/internal.js';
import { ConfigError } from '../errors/index.js';
import { type LoadedRun, loadRun } from '../evaluation/index.js';
import { predictedClasses } from '../evaluation/internal.js';
import { readText, temporarySuffix, writeFileAtomically, writeTextAtomically } from '../files/index.js';
import type { ComponentSection } from '../registry/index.js';
import { candidateAt } from '../suggest/index.js';
import { openEvidence } from '../suggest/internal.js';
import { setThreads } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import { beliefsOfPixels, cellColors, cellGrid } from './cells.js';
import { completeLabels, type MeanFieldOptions, meanFieldDefaults } from './mean-field.js';

/** Configures `fillLabels`. */
export interface FillLabelsOptions {
  /** Names the folder that gets `SPLIT/NAME.png`; `filled` in the dataset by default. */
  readonly output?: string;
  /** Names the folder of the dataset; that of the run by default. */
  readonly data?: string;
  /** Names the split; that of training by default. */
  readonly split?: string;
  /** Names the labels that are filled up; those of training by default. */
  readonly labels?: string;
  /** Names a folder of points that are labels too; that of training by default, and null for none. */
  readonly points?: string | null;
  /** Leaves pixels open whose class is less likely than this; 0.8 by default. */
  readonly threshold?: number;
  readonly meanField?: Partial<MeanFieldOptions>;
  /** Is the part of the images that this process fills; all by default. */
  readonly share?: Share;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly onNotice?: (notice: string) => void;
  /** Is called before each image; when it returns true the fill ends, and the same call completes it later. */
  readonly shouldStop?: () => boolean;
}

/** Holds what was filled. */
export interface FillSummary {
  readonly output: string;
  readonly images: number;
  /** Is false where `shouldStop` ended the fill before the last image. */
  readonly finished: boolean;
  /** Counts the pixels that a person labeled, and that were filled, by class of the dataset. */
  readonly labeled: readonly number[];
  readonly filled: readonly number[];
  /** Counts the pixels that are left open. */
  readonly open: number;
  readonly classes: readonly string[];
}

const settingsFile = 'fill.json';

/**
 * Writes a label file for every image: the labels that it has, and beside them the classes that are likely enough. Existing
 * files of another fill are never overwritten; those of an interrupted one are kept and completed.
 *
 * @param folder names the run whose network predicts
 * @throws {CheckpointError} when the folder is not a run's or has no checkpoint
 * @throws {ConfigError} when the output holds other files, or the dataset is not one of plain folders with indices
 * @throws {DataError} naming the file when an image or its labels cannot be used
 */
export async function fillLabels(folder: string, options: FillLabelsOptions): Promise<FillSummary> {
  const { threshold = 0.8, share = wholeShare, meanField = {}, onProgress, onNotice } = options;
  if (!(threshold >= 0 && threshold <= 1))
    throw new ConfigError(`fill: expected a threshold from 0 to 1, received ${threshold}`);
  using run = await loadRun(folder);
  setThreads(resolveThreads(run.config.threads));
  const section = sectionOf(run, options);
  const files = await openDataset(section);
  const { output = join(String(section.root), 'filled') } = options;
  const points = await pointsOf(run, { options, section, files });
  const settings = {
    run: resolve(folder),
    step: run.step,
    ...section,
    threshold,
    ...meanFieldDefaults,
    ...meanField,
  };
  claimOutput(output, JSON.stringify(settings, null, 1));
  const dataset = alignClasses(files, { network: predictedClasses(run), onNotice });
  using source = await openEvidence(run, {
    dataset,
    files,
    needsFeatures: false,
    gridOf: cellGrid,
    onNotice,
  });
  // The network may list the classes in another order than the files.
  const toFile = run.classes.map(({ name }) => files.classes.findIndex((own) => own.name === name));
  const toNetwork = new Uint8Array(256).fill(ignoreIndex);
  for (const [network, file] of toFile.entries()) if (file >= 0) toNetwork[file] = network;
  const tally = new FillTally(files.classes.length);
  const own = Array.from({ length: files.length }, (_, index) => index).filter(
    (index) => index % share.worldSize === share.rank,
  );
  let images = 0;
  for (const index of own) {
    if (options.shouldStop?.()) break;
    const path = outputPath(files.name(index), { section, output });
    const sample = await files.read(index);
    const labels = withPoints(sample.labels, { points, index, sample });
    const filled = (await writtenBefore(path, files)) ?? (await fillImage(index, { labels, sample }));
    if (!existsSync(path)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileAtomically(path, [encodeLabelPng(filled, sample)]);
    }
    tally.add(labels, filled);
    images++;
    onProgress?.({ done: images, total: own.length });
  }
  const classes = files.classes.map(({ name }) => name);
  return { ...tally.counts, output, images, finished: images === own.length, classes };

  async function fillImage(
    index: number,
    { labels, sample }: { readonly labels: Uint8Array; readonly sample: Sample },
  ): Promise<Uint8Array> {
    const { grid, likelihoods, classCount } = await source.read(index);
    const cells = {
      width: grid.columns,
      height: grid.rows,
      classCount,
      likelihoods,
      colors: cellColors(sample, grid),
      labels: cellLabels(labels, { grid, toNetwork, points: points?.get(index)?.pixels ?? null }),
    };
    const beliefs = completeLabels(cells, meanField);
    const isOpen = (pixel: number) => labels[pixel] === ignoreIndex;
    const found = beliefsOfPixels(beliefs, { grid, wanted: isOpen });
    return labels.map((label, pixel) => {
      if (label !== ignoreIndex || (found.likelihoods[pixel] as number) < threshold) return label;
      const file = toFile[found.classes[pixel] as number] ?? -1;
      return file < 0 ? ignoreIndex : file;
    });
  }
}

/** Returns the label of each cell: that of the pixel in its middle, or of a point that lies in it. */
function cellLabels(
  labels: Uint8Array,
  {
    grid,
    toNetwork,
    points,
  }: {
    readonly grid: ReturnType<typeof cellGrid>;
    readonly toNetwork: Uint8Array;
    readonly points: Uint32Array | null;
  },
): Uint8Array {
  const { width, height, rows, columns } = grid;
  const cells = Uint8Array.from({ length: rows * columns }, (_, cell) => {
    const [column, row] = [cell % columns, Math.floor(cell / columns)];
    const x = Math.floor(((column + 0.5) * width) / columns);
    const y = Math.floor(((row + 0.5) * height) / rows);
    return toNetwork[labels[y * width + x] as number] as number;
  });
  for (const pixel of points ?? [])
    cells[candidateAt({ x: pixel % width, y: Math.floor(pixel / width) }, grid)] = toNetwork[
      labels[pixel] as number
    ] as number;
  return cells;
}

function withPoints(
  labels: Uint8Array | null,
  {
    points,
    index,
    sample: { width, height },
  }: {
    readonly points: PointLabels | null;
    readonly index: number;
    readonly sample: { readonly width: number; readonly height: number };
  },
): Uint8Array {
  const all = labels?.slice() ?? new Uint8Array(width * height).fill(ignoreIndex);
  const own = points?.get(index);
  for (const [place, pixel] of (own?.pixels ?? []).entries()) all[pixel] = own?.classes[place] as number;
  return all;
}

function sectionOf({ config }: LoadedRun, { data, split, labels }: FillLabelsOptions): ComponentSection {
  const root = data === undefined ? config.data.root : resolve(data);
  const section: ComponentSection = {
    ...datasetSection({ ...config.data, root }, 'train'),
    ...(split !== undefined && { split }),
    ...(labels !== undefined && { labels }),
  };
  if (section.kind !== 'folder') {
    throw new ConfigError(
      `fill: writes label files for a dataset of plain folders; expected data.kind folder, received ${section.kind}`,
    );
  }
  const { reduceZeroLabel, labelEncoding } = section;
  if (reduceZeroLabel === true || labelEncoding === 'color') {
    const received = reduceZeroLabel === true ? 'data.reduceZeroLabel: true' : 'data.labelEncoding: color';
    throw new ConfigError(
      `fill: writes the indices of classes; expected labels that are read so, received ${received}`,
    );
  }
  return section;
}

async function pointsOf(
  { config }: LoadedRun,
  {
    options: { points },
    section,
    files,
  }: {
    readonly options: FillLabelsOptions;
    readonly section: ComponentSection;
    readonly files: SegmentationDataset;
  },
): Promise<PointLabels | null> {
  const labels = points === undefined ? (config.data.points?.labels ?? null) : points;
  if (labels === null) return null;
  return openPoints(files, { root: String(section.root), labels, split: String(section.split), radius: 0 });
}

/** Marks the output as this fill's, or checks that it is. */
function claimOutput(output: string, settings: string): void {
  const file = join(output, settingsFile);
  // Another process of the same training may be writing its settings now.
  const isOther = (name: string) => name !== settingsFile && !name.endsWith(temporarySuffix);
  if (existsSync(output) && readdirSync(output).some(isOther) && !existsSync(file)) {
    throw new ConfigError(
      `${output}: holds files that no fill wrote, and nothing is overwritten; name another folder`,
    );
  }
  const text = `${settings}\n`;
  if (existsSync(file) && readText(file) !== text) {
    throw new ConfigError(
      `${output}: holds labels that were filled from another run or with other options; name another folder, or remove it`,
    );
  }
  mkdirSync(output, { recursive: true });
  writeTextAtomically(file, text);
}

/** Returns the labels that an interrupted fill wrote; null where it had not come so far. */
async function writtenBefore(
  path: string,
  { classes }: Pick<SegmentationDataset, 'classes'>,
): Promise<Uint8Array | null> {
  return existsSync(path) ? (await readLabels(path, { classes, ignoredValue: ignoreIndex })).labels : null;
}

/** Returns where the labels of an image belong: its name holds the split where there are several. */
function outputPath(
  name: string,
  { section, output }: { readonly section: ComponentSection; readonly output: string },
): string {
  const split = String(section.split);
  const folder = split.includes('+') ? output : join(output, split);
  const { labelPrefix = '', labelSuffix = '' } = section;
  return join(folder, dirname(name), `${labelPrefix}${basename(name)}${labelSuffix}.png`);
}

class FillTally {
  readonly #labeled: number[];
  readonly #filled: number[];
  #open = 0;

  constructor(classes: number) {
    this.#labeled = new Array<number>(classes).fill(0);
    this.#filled = new Array<number>(classes).fill(0);
  }

  add(labels: Uint8Array, filled: Uint8Array): void {
    for (const [pixel, label] of filled.entries()) {
      if (label === ignoreIndex) this.#open++;
      else {
        const counts = labels[pixel] === ignoreIndex ? this.#filled : this.#labeled;
        counts[label] = (counts[label] as number) + 1;
      }
    }
  }

  get counts() {
    return { labeled: this.#labeled, filled: this.#filled, open: this.#open };
  }
}
