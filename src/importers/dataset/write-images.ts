/** Draws the labels of the chosen images, and writes them into a folder together with the images. */

import { mkdir, rename } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import sharp from 'sharp';
import {
  type DatasetClass,
  encodeLabelPng,
  formatPointFile,
  ignoreIndex,
  type LabeledPoint,
  type Size,
} from '../../data/index.js';
import { DataError } from '../../errors/index.js';
import { copyDurably, linkFile, type Placement, writeDurably } from '../../files/index.js';
import type { AnnotatedImage } from '../annotations.js';
import { type DrawOrder, drawAnnotations, type LabelsByName } from '../draw-annotations.js';
import { drawSparse } from '../draw-sparse.js';
import type { ImportFinding, OpenedSource } from '../importer.js';
import type { NamedImage } from './name-images.js';
import { uprightLabels, uprightPixel, uprightSize } from './orient-labels.js';

/** Names the folder of points and lines in a dataset. */
export const pointsFolder = 'points';

/** Configures `writeImages`. */
export interface WriteImagesOptions {
  readonly images: readonly NamedImage[];
  readonly classes: readonly DatasetClass[];
  readonly labels: LabelsByName;
  readonly unlabeled: number;
  readonly order: DrawOrder;
  /** Is the distance in pixels up to which points and lines are labels; 0 for the pixels that they lie in. */
  readonly radius: number;
  /** Names the folder of labels. */
  readonly labelsFolder: string;
  readonly copy: boolean;
  readonly onFinding: (finding: ImportFinding) => void;
  readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Counts what was written for the images of a split. */
export interface SplitTally {
  images: number;
  pixels: number;
  /** Counts the pixels of each label, 255 for those without a class. */
  readonly labelPixels: Float64Array;
  /** Counts the images that each label is in. */
  readonly labelImages: Float64Array;
  /** Counts the annotations of each label that were drawn. */
  readonly labelAnnotations: Float64Array;
  /** Counts the pixels that points and lines label. */
  points: number;
}

/** Says what was written. */
export interface WrittenImages {
  readonly splits: ReadonlyMap<string, SplitTally>;
  readonly placements: ReadonlyMap<Placement, number>;
  /** Counts pixels in which annotations of different labels overlap. */
  readonly overlapping: number;
}

/**
 * Writes `images/SPLIT/NAME`, `LABELS/SPLIT/NAME.png` and, for images with points or lines, a file in `points/SPLIT` into an
 * empty folder: the points themselves, or with a radius a label map of the pixels around them.
 *
 * @throws {DataError} when the source changes meanwhile
 * @throws {FileError} when a file cannot be written
 */
export async function writeImages(
  folder: string,
  opened: OpenedSource,
  options: WriteImagesOptions,
): Promise<WrittenImages> {
  const { images, onProgress } = options;
  const planned = new Map(images.map((image) => [image.index, image] as const));
  const splits = new Map<string, SplitTally>();
  const placements = new Map<Placement, number>();
  const queue = new WriteQueue();
  let [index, done, overlapping] = [0, 0, 0];
  try {
    for await (const annotated of opened.images()) {
      const image = planned.get(index++);
      if (image === undefined) continue;
      if (image.fileName !== annotated.fileName) throw changed(annotated.source);
      const drawn = drawImage(annotated, { ...options, image });
      overlapping += drawn.overlapping;
      count(drawn, tallyOf(splits, image.datasetSplit));
      await queue.add(async () => {
        const placement = await writeImage(folder, { image, drawn, options });
        placements.set(placement, (placements.get(placement) ?? 0) + 1);
      });
      onProgress({ done: ++done, total: images.length });
      if (done === images.length) break;
    }
  } finally {
    await queue.settle();
  }
  queue.throwFailure();
  if (done < images.length) throw changed((images[done] as NamedImage).source);
  return { splits, placements, overlapping };
}

function changed(source: string): DataError {
  return new DataError(`${source}: was changed while it was imported; run the import again`);
}

/** Holds the labels of the picture as it is shown. */
interface DrawnImage extends Size {
  readonly labels: Uint8Array;
  readonly overlapping: number;
  /** Counts the annotations of each label, of areas and of points and lines. */
  readonly annotations: readonly ReadonlyMap<number, number>[];
  readonly points: readonly LabeledPoint[];
  /** Holds the pixels around points and lines; null without a radius, and where there are none. */
  readonly sparse: Uint8Array | null;
}

function drawImage(
  annotated: AnnotatedImage,
  { image, labels, unlabeled, order, radius, onFinding }: WriteImagesOptions & { readonly image: NamedImage },
): DrawnImage {
  const { upright, turn } = image;
  // The inverse of a turn swaps the sides as the turn does.
  const size = uprightSize(upright, turn);
  const stored = { ...size, orientation: turn };
  const { values, overlapping, annotations } = drawAnnotations(annotated, {
    labels,
    unlabeled,
    order,
    onFinding,
    ...size,
  });
  const sparse = drawSparse(annotated, { labels, radius, onFinding, ...size });
  const points = sparse.points.map((point) => ({ ...point, ...uprightPixel(point, stored) }));
  const around = radius > 0 && sparse.values !== null ? uprightLabels(sparse.values, stored) : null;
  return {
    ...upright,
    labels: uprightLabels(values, stored),
    overlapping,
    annotations: [annotations, sparse.annotations],
    points,
    sparse: around,
  };
}

function tallyOf(splits: Map<string, SplitTally>, split: string): SplitTally {
  const known = splits.get(split);
  if (known !== undefined) return known;
  const tally = {
    images: 0,
    pixels: 0,
    labelPixels: new Float64Array(ignoreIndex + 1),
    labelImages: new Float64Array(ignoreIndex + 1),
    labelAnnotations: new Float64Array(ignoreIndex + 1),
    points: 0,
  };
  splits.set(split, tally);
  return tally;
}

function count({ labels, annotations, points, sparse }: DrawnImage, tally: SplitTally): void {
  const own = new Float64Array(ignoreIndex + 1);
  for (const label of labels) own[label] = (own[label] as number) + 1;
  for (const [label, pixels] of own.entries()) {
    if (pixels === 0) continue;
    tally.labelPixels[label] = (tally.labelPixels[label] as number) + pixels;
    tally.labelImages[label] = (tally.labelImages[label] as number) + 1;
  }
  for (const [label, drawn] of annotations.flatMap((counts) => [...counts])) {
    tally.labelAnnotations[label] = (tally.labelAnnotations[label] as number) + drawn;
  }
  tally.images++;
  tally.pixels += labels.length;
  tally.points += sparse === null ? points.length : sparse.filter((label) => label !== ignoreIndex).length;
}

async function writeImage(
  folder: string,
  {
    image,
    drawn,
    options: { classes, labelsFolder, copy },
  }: { readonly image: NamedImage; readonly drawn: DrawnImage; readonly options: WriteImagesOptions },
): Promise<Placement> {
  const { name, datasetSplit: split } = image;
  const { labels, points, sparse, width, height } = drawn;
  await writeDurably(join(folder, labelsFolder, split, `${name}.png`), encodeLabelPng(labels, drawn));
  if (sparse !== null) {
    await writeDurably(join(folder, pointsFolder, split, `${name}.png`), encodeLabelPng(sparse, drawn));
  } else if (points.length > 0) {
    const text = formatPointFile({ width, height, points, more: {} }, classes);
    await writeDurably(join(folder, pointsFolder, split, `${name}.json`), text);
  }
  const place = join(folder, 'images', split, `${name}${await extensionOf(image)}`);
  await mkdir(dirname(place), { recursive: true });
  if (image.embedded) {
    await rename(image.path, place);
    return 'copy';
  }
  if (!copy) return linkFile(image.path, { target: place });
  await copyDurably(image.path, { target: place });
  return 'copy';
}

/** Returns the extension of an image file; that of its content where the image was stored inside of annotations. */
async function extensionOf({ path, embedded }: NamedImage): Promise<string> {
  if (!embedded) return extname(path);
  const { format } = await sharp(path).metadata();
  return `.${format === 'jpeg' ? 'jpg' : format === 'heif' ? 'avif' : format}`;
}

/** Limits the files that are written at once, which hides the time that a disk takes to store each. */
const writesAtOnce = 8;

/** Runs a few writes at once, and keeps the first failure. */
class WriteQueue {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  /** Starts a write as soon as few enough are running. */
  async add(write: () => Promise<void>): Promise<void> {
    while (this.#running.size >= writesAtOnce) await Promise.race(this.#running);
    this.throwFailure();
    const running: Promise<void> = write()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}
