/** Writes small dataset folders for tests into temporary folders, which are removed after each test file. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkDataset } from 'coarsely/data';
import { DataError } from 'coarsely/errors';
import type { ComponentSection } from 'coarsely/registry';
import { encode } from 'fast-png';
import { makeTemporaryFolder } from '../support/temporary-folders.js';

export const threeClasses = {
  classes: [
    { name: 'road', color: [128, 64, 128] },
    { name: 'car', color: [0, 0, 142] },
    { name: 'tree', color: [107, 142, 35] },
  ],
};

/** Creates an empty temporary folder. */
export async function temporaryFolder(): Promise<string> {
  return makeTemporaryFolder('coarsely-data-');
}

/** Writes a file, and creates its folder. */
export async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** Encodes a PNG of `channels` bytes a pixel; `bytes` gives the value of each byte. */
export function png(options: {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly bytes: (place: number) => number;
}): Uint8Array {
  const { width, height, channels, bytes } = options;
  const data = Uint8Array.from({ length: width * height * channels }, (_, place) => bytes(place));
  return encode({ width, height, channels, depth: 8, data });
}

/** Encodes an 8-bit gray label PNG. */
export function grayLabels(width: number, values: readonly number[]): Uint8Array {
  return png({ width, height: values.length / width, channels: 1, bytes: (place) => values[place] ?? 0 });
}

/** Writes a dataset of `count` samples of 12×8 pixels that differ in image and labels, and returns its root. */
export async function smallDataset(count: number): Promise<string> {
  const root = await temporaryFolder();
  await put(join(root, 'classes.json'), JSON.stringify(threeClasses));
  for (let sample = 0; sample < count; sample++) {
    const image = png({
      width: 12,
      height: 8,
      channels: 3,
      bytes: (place) => (place * 7 + sample * 31) % 256,
    });
    const labels = png({ width: 12, height: 8, channels: 1, bytes: (place) => (place + sample) % 3 });
    await put(join(root, 'images/train', `sample-${sample}.png`), image);
    await put(join(root, 'labels/train', `sample-${sample}.png`), labels);
  }
  return root;
}

/**
 * Checks a dataset and returns its length.
 *
 * @throws {DataError} with all problems when there are any
 */
export async function checkedLength(
  section: ComponentSection,
  options: { readonly deep?: boolean } = {},
): Promise<number> {
  const { length, problems } = await checkDataset(section, options);
  if (problems.length > 0) throw new DataError(problems.join('\n'));
  return length;
}
