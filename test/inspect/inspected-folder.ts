/** Writes dataset folders to inspect: `train` and `val`, with any label folders and any mistakes in them. */

import { join } from 'node:path';
import { png, put, temporaryFolder, threeClasses } from '../data/dataset-folder.js';

export const width = 12;
export const height = 8;
const pixels = width * height;

/** Returns the label value of a pixel of a sample. */
export type LabelRule = (pixel: number, sample: number) => number;

/** Labels every pixel: thirds of the three classes. */
export const allClasses: LabelRule = (pixel) => Math.floor((3 * pixel) / pixels);

/** Labels like `allClasses`, but only the second half of the pixels. */
export const halfLabeled: LabelRule = (pixel, sample) =>
  pixel < pixels / 2 ? 255 : allClasses(pixel, sample);

/** Describes the folder to write. */
export interface FolderContent {
  /** Counts the samples in each split. */
  readonly splits?: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, LabelRule>>;
  readonly classes?: unknown;
}

/** Writes a folder and returns its root. */
export async function datasetFolder(content: FolderContent = {}): Promise<string> {
  const { splits = { train: 4, val: 2 }, labels = { labels: allClasses }, classes = threeClasses } = content;
  const root = await temporaryFolder();
  if (classes !== null) await put(join(root, 'classes.json'), JSON.stringify(classes));
  for (const [split, count] of Object.entries(splits)) {
    for (let sample = 0; sample < count; sample++) {
      await put(join(root, 'images', split, `s${sample}.png`), image(sample));
      for (const [set, rule] of Object.entries(labels)) {
        await put(
          join(root, set, split, `s${sample}.png`),
          gray((pixel) => rule(pixel, sample)),
        );
      }
    }
  }
  return root;
}

export function image(sample: number, size = { width, height }): Uint8Array {
  return png({ ...size, channels: 3, bytes: (place) => (place * 7 + sample * 31) % 256 });
}

export function gray(value: (pixel: number) => number): Uint8Array {
  return png({ width, height, channels: 1, bytes: value });
}

/** Encodes an RGB mask. */
export function mask(color: (pixel: number) => readonly number[]): Uint8Array {
  return png({ width, height, channels: 3, bytes: (place) => color(Math.floor(place / 3))[place % 3] ?? 0 });
}
