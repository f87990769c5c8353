/**
 * Describes the files of a dataset by sizes and times of change, without reading them, so that a continued run notices
 * labels that were edited since.
 */

import { stat } from 'node:fs/promises';
import { PairTable, type SharedFiles } from './pair-table.js';

/** Limits the files that are asked for, as a network drive takes about a millisecond for each. */
const mostSamples = 40_000;
/** Limits the requests that wait at the same time. */
const together = 64;

/**
 * Returns a text for each sample with size and time of change of its image and its labels: `SIZE@MILLISECONDS` each, joined
 * by a space. The result is null for a dataset that names no files or has more than 40 000 samples.
 */
export async function sampleStamps(files: SharedFiles | undefined): Promise<string[] | null> {
  if (files === undefined) return null;
  const pairs = new PairTable(files);
  if (pairs.length > mostSamples) return null;
  const stamps: string[] = [];
  for (let start = 0; start < pairs.length; start += together) {
    const some = pairs.slice(start, start + together);
    const read = async (path: string | null) => {
      if (path === null) return '-';
      const { size, mtimeMs } = await stat(path);
      return `${size}@${Math.floor(mtimeMs)}`;
    };
    const texts = some.map(async ({ image, labels }) =>
      (await Promise.all([read(image), read(labels)])).join(' '),
    );
    stamps.push(...(await Promise.all(texts)));
  }
  return stamps;
}
