/** Writes the two files of a prediction: a label PNG for programs, and an overlay to look at. */

import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import {
  type DatasetClass,
  encodeLabelPng,
  overlayLabels,
  type PredictionFormat,
  type Size,
  visibleColors,
} from '../data/index.js';
import { mostPixelsInMemory, type OpenImage } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import { reducePrediction, writeLabelPng } from './large-prediction.js';

/** Holds the paths of one image's prediction. */
export interface PredictionPaths {
  /** Names an 8-bit gray PNG, whose pixel values are class ids or the values of a test server's format. */
  readonly labels: string;
  /** Names a JPEG of the image with the class colors laid over it. */
  readonly overlay: string;
}

/** Names the folders of labels and overlays in the output folder. */
export const predictionFolders = ['labels', 'overlays'] as const;

/** Holds the path of an image file, and a name: its path below the input folder, without extension. */
export interface NamedImage {
  readonly image: string;
  readonly name: string;
}

/**
 * Returns where the prediction of an image is written. Subfolders are kept, except for the labels of a test server's
 * format, which lie in one folder.
 * @throws {DataError} when the test server would not recognize the image's name
 */
export function predictionPaths(
  { image, name }: NamedImage,
  { output, format = null }: { readonly output: string; readonly format?: PredictionFormat | null },
): PredictionPaths {
  const file = format === null ? `${name}.png` : format.fileName(basename(name));
  if (file === null) {
    throw new DataError(
      `${image}: the test server does not know an image of this name; expected ${format?.imageNames}`,
    );
  }
  const [labels, overlays] = predictionFolders;
  return { labels: join(output, labels, file), overlay: join(output, overlays, `${name}.jpg`) };
}

/** Holds the contents of a prediction's files. */
export interface PredictionFiles {
  readonly image: OpenImage;
  /** Holds height × width class ids. */
  readonly labels: Uint8Array;
  readonly classes: readonly DatasetClass[];
  /** Gives the format of a test server; null writes class ids. */
  readonly format: PredictionFormat | null;
  readonly opacity: number;
  readonly overwrite: boolean;
}

/** A JPEG has at most this many pixels along a side. */
const longestSide = 65_535;
/** Limits the pixels of the overlay of an image that is not in memory. */
const longestReducedSide = 8192;

/**
 * Writes both files of a prediction.
 * @returns the size of the overlay, which is smaller than the image where that is too large for a JPEG or for memory
 * @throws {DataError} naming the file when it exists (unless `overwrite`) or cannot be written
 */
export async function writePrediction(paths: PredictionPaths, content: PredictionFiles): Promise<Size> {
  const { image, labels, classes, format, opacity, overwrite } = content;
  const { width, height } = image;
  const isLarge = width * height > mostPixelsInMemory;
  await writeNew(paths.labels, {
    overwrite,
    write: async (file) => {
      const values = format?.values ?? null;
      if (isLarge) {
        await writeLabelPng(file, labels, { width, height, values });
        return;
      }
      const written = values === null ? labels : labels.map((label) => values[label] as number);
      await file.writeFile(encodeLabelPng(written, { width, height }));
    },
  });
  const isReduced = isLarge || Math.max(width, height) > longestSide;
  const shown = isReduced
    ? reducePrediction(image, { labels, side: isLarge ? longestReducedSide : longestSide })
    : { width, height, labels, image: image.rows({ first: 0, count: height }) };
  const size = { width: shown.width, height: shown.height };
  const colors = visibleColors(shown.image, size);
  const blended = overlayLabels(colors, { labels: shown.labels, classes, alpha: opacity });
  const jpeg = await sharp(blended, { raw: { ...size, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
  await writeNew(paths.overlay, { overwrite, write: (file) => file.writeFile(jpeg) });
  return size;
}

/** Writes a file, in a folder that is created if missing. A file that cannot be written whole is not left behind. */
async function writeNew(
  path: string,
  { overwrite, write }: { readonly overwrite: boolean; readonly write: (file: FileHandle) => Promise<void> },
): Promise<void> {
  // Not longer than any name, as that of the prediction may have the greatest length.
  const unfinished = join(dirname(path), `.unfinished-${process.pid}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    // 'wx' refuses to replace a file even when it appeared while the network was running.
    const reserved = overwrite ? null : await open(path, 'wx');
    await reserved?.close();
    try {
      const file = await open(overwrite ? unfinished : path, 'w');
      try {
        await write(file);
      } finally {
        await file.close();
      }
      if (overwrite) await rename(unfinished, path);
    } catch (error) {
      await rm(overwrite ? unfinished : path, { force: true });
      throw error;
    }
  } catch (cause) {
    // The system names the file again, which is left out; a folder that it could not create stays in the message.
    const own = [`, open '${path}'`, `, open '${unfinished}'`, `, rename '${unfinished}' -> '${path}'`];
    const reason = own.reduce((text, end) => text.replace(end, ''), (cause as Error).message);
    throw new DataError(`${path}: cannot be written (${reason})`, { cause });
  }
}
