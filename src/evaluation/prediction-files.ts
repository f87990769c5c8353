/** Writes the two files of a prediction: a label PNG for programs, and an overlay to look at. */

import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import {
  type DatasetClass,
  encodeLabelPng,
  overlayLabels,
  type PredictionFormat,
  visibleColors,
} from '../data/index.js';
import { DataError } from '../errors/index.js';
import type { DecodedImage } from './inference-protocol.js';

/** Holds the paths of one image's prediction. */
export interface PredictionPaths {
  /** Names an 8-bit gray PNG, whose pixel values are class ids or the values of a test server's format. */
  readonly labels: string;
  /** Names a JPEG of the image with the class colors laid over it. */
  readonly overlay: string;
}

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
  return { labels: join(output, 'labels', file), overlay: join(output, 'overlays', `${name}.jpg`) };
}

/** Holds the contents of a prediction's files. */
export interface PredictionFiles extends DecodedImage {
  /** Holds height × width class ids. */
  readonly labels: Uint8Array;
  readonly classes: readonly DatasetClass[];
  /** Gives the format of a test server; null writes class ids. */
  readonly format: PredictionFormat | null;
  readonly opacity: number;
  readonly overwrite: boolean;
}

/**
 * Writes both files of a prediction.
 * @throws {DataError} naming the file when it exists (unless `overwrite`) or cannot be written
 */
export async function writePrediction(paths: PredictionPaths, content: PredictionFiles): Promise<void> {
  const { width, height, image, labels, classes, format, opacity, overwrite } = content;
  const values = format === null ? labels : labels.map((label) => format.values[label] as number);
  const png = encodeLabelPng(values, { width, height });
  const blended = overlayLabels(visibleColors(image, { width, height }), { labels, classes, alpha: opacity });
  const jpeg = await sharp(blended, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
  // 'wx' refuses to replace a file even when it appeared while the network was running.
  const flag = overwrite ? 'w' : 'wx';
  for (const [path, bytes] of [
    [paths.labels, png],
    [paths.overlay, jpeg],
  ] as const) {
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes, { flag });
    } catch (cause) {
      // The system names the file again, which is left out; a folder that it could not create stays in the message.
      const reason = (cause as Error).message.replace(`, open '${path}'`, '');
      throw new DataError(`${path}: cannot be written (${reason})`, { cause });
    }
  }
}
