/**
 * Draws points at random from exact labels, in place of a person who answers which class a pixel has, to try points before
 * anybody sets them.
 */

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { formatPointFile, ignoreIndex, RandomStream, type SegmentationDataset } from '../data/index.js';
import { ConfigError, DataError } from '../errors/index.js';
import { stageFolder, writeDurably } from '../files/index.js';
import { fileSeed } from './file-seed.js';

/** Configures `drawPoints`. */
export interface DrawPointsOptions {
  /** Holds labels [height, width] of the same image; points are then drawn where it has none. */
  readonly coarse?: Uint8Array | null;
  /** Limits the points. */
  readonly count: number;
  readonly random: RandomStream;
}

/**
 * Returns the places y · width + x of pixels drawn at random among those that exact labels name, without one drawn twice.
 * Fewer points are the first of more.
 */
export function drawPoints(fine: Uint8Array, { coarse = null, count, random }: DrawPointsOptions): number[] {
  const places: number[] = [];
  for (let pixel = 0; pixel < fine.length; pixel++) {
    if (fine[pixel] === ignoreIndex) continue;
    if (coarse === null || coarse[pixel] === ignoreIndex) places.push(pixel);
  }
  const drawn = Math.min(count, places.length);
  for (let place = 0; place < drawn; place++) {
    const other = place + random.integer(places.length - place);
    [places[place], places[other]] = [places[other] as number, places[place] as number];
  }
  return places.slice(0, drawn);
}

/** Configures `simulatePoints`. */
export interface SimulatePointsOptions {
  /** Limits the points of an image. */
  readonly count: number;
  /** Is the same images with coarse labels: points are drawn where these have none. Null draws them anywhere. */
  readonly coarse?: SegmentationDataset | null;
  /** Takes a non-negative integer. The points of an image depend only on it and on the name of the image. */
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Counts what `simulatePoints` wrote. */
export interface SimulatedPoints {
  readonly files: number;
  readonly points: number;
  /** Counts the points of each class. */
  readonly byClass: readonly number[];
  /** Counts the images without a pixel to draw, which have no file. */
  readonly without: number;
}

/**
 * Writes a file of points for each image into a folder, by the name of the image. The files appear together when all are
 * made, and existing files are never overwritten.
 *
 * @throws {ConfigError} for a count below 1 or a seed that is no non-negative integer
 * @throws {DataError} for images without labels, or without coarse ones, and when one of the files exists
 * @throws {FileError} when the folder cannot be written
 */
export async function simulatePoints(
  fine: SegmentationDataset,
  folder: string,
  { count, coarse = null, seed = 0, onProgress = () => undefined }: SimulatePointsOptions,
): Promise<SimulatedPoints> {
  expectNumbers({ count, seed });
  const pathOf = (index: number) => `${fine.name(index)}.json`;
  for (let index = 0; index < fine.length; index++) await expectAbsent(join(folder, pathOf(index)));
  const coarseIndices = new Map(
    Array.from({ length: coarse?.length ?? 0 }, (_, index) => [coarse?.name(index), index] as const),
  );
  const byClass = fine.classes.map(() => 0);
  let [files, points] = [0, 0];
  await stageFolder(folder, async (staging) => {
    for (let index = 0; index < fine.length; index++) {
      const name = fine.name(index);
      const { width, height, labels } = await labelsOf(fine, index);
      const other = coarse && (await labelsOf(coarse, coarseIndices.get(name) ?? missing(name)));
      const random = new RandomStream(fileSeed(seed, name), [0]);
      const places = drawPoints(labels, { coarse: other?.labels ?? null, count, random });
      onProgress(index + 1, fine.length);
      if (places.length === 0) continue;
      files++;
      points += places.length;
      const drawn = places.map((pixel) => {
        const label = labels[pixel] as number;
        byClass[label] = (byClass[label] ?? 0) + 1;
        return { x: pixel % width, y: Math.floor(pixel / width), class: label, more: {} };
      });
      const file = { width, height, points: drawn, more: { simulated: true } };
      await writeDurably(join(staging, pathOf(index)), formatPointFile(file, fine.classes));
    }
    if (files === 0) {
      const where = coarse === null ? '' : ' where no coarse label is';
      throw new DataError(
        `no pixel to draw a point from in ${fine.length} images; expected exact labels${where}`,
      );
    }
  });
  return { files, points, byClass, without: fine.length - files };
}

function expectNumbers({ count, seed }: { readonly count: number; readonly seed: number }): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new ConfigError(`simulatePoints: expected a count of at least 1, received ${count}`);
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ConfigError(`simulatePoints: expected a non-negative integer as seed, received ${seed}`);
  }
}

async function labelsOf(dataset: SegmentationDataset, index: number) {
  const map = (await dataset.readLabels?.(index)) ?? (await dataset.read(index));
  const { width, height, labels } = map;
  if (labels === null) throw new DataError(`${dataset.name(index)}: has no labels to draw points from`);
  return { width, height, labels };
}

function missing(name: string): never {
  throw new DataError(`${name}: has exact labels and no coarse ones; expected both, or draw points anywhere`);
}

async function expectAbsent(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  throw new DataError(`${path}: exists already and is never overwritten; choose another folder or remove it`);
}
