/** The two files that a prediction leaves: a label PNG for programs, and an overlay for eyes. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import { type DatasetClass, encodeLabelPng, overlayLabels, type PredictionFormat } from '../data/index.js';
import { DataError } from '../errors/index.js';
import type { DecodedImage } from './infer-labels.js';

/** Where the files of one image go. */
export interface PredictionPaths {
  /** 8-bit gray PNG, the pixel value is the class id, or what a test server's format has for it. */
  readonly labels: string;
  /** JPEG: the image with the class colors laid over it. */
  readonly overlay: string;
}

/** An image file, and its path without extension relative to what was asked for. */
export interface NamedImage {
  readonly image: string;
  readonly name: string;
}

/**
 * Subfolders are kept, except for the labels of a test server's format, which lie in one folder.
 *
 * @throws DataError when a test server could not match the file
 */
export function predictionPaths(
  { image, name }: NamedImage,
  { output, format = null }: { readonly output: string; readonly format?: PredictionFormat | null },
): PredictionPaths {
  const file = format === null ? `${name}.png` : format.fileName(basename(name));
  if (file === null) {
    throw new DataError(`${image}: no name that the test server knows; expected ${format?.imageNames}`);
  }
  return { labels: join(output, 'labels', file), overlay: join(output, 'overlays', `${name}.jpg`) };
}

export interface PredictionFiles extends DecodedImage {
  /** Height × width class ids. */
  readonly labels: Uint8Array;
  readonly classes: readonly DatasetClass[];
  /** null writes class ids. */
  readonly format: PredictionFormat | null;
  readonly opacity: number;
  readonly overwrite: boolean;
}

/** @throws DataError when a file exists (unless `overwrite`) or can't be written; the file is named */
export async function writePrediction(paths: PredictionPaths, content: PredictionFiles): Promise<void> {
  const { width, height, image, labels, classes, format, opacity, overwrite } = content;
  const values = format === null ? labels : labels.map((label) => format.values[label] as number);
  const png = encodeLabelPng(values, { width, height });
  const blended = overlayLabels(image, { labels, classes, alpha: opacity });
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
      // The system names the file again; a folder above it, which it could not make, is worth naming.
      const reason = (cause as Error).message.replace(`, open '${path}'`, '');
      throw new DataError(`${path}: can't be written (${reason})`, { cause });
    }
  }
}
