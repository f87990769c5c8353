/** Label files whose values are a dataset's own ids and not the indices of its classes. */

import { DataError } from '../../errors/index.js';
import { ignoreIndex } from '../datasets/dataset.js';
import type { LabelReader } from '../files/file-listing.js';
import { type LabelMap, mapSamples, readLabelHeader, readLabelSamples } from './label-file.js';
import type { PngColor } from './png-header.js';

/** What the values of a dataset's label files mean. */
export interface IdEncoding {
  /** The values in words, to stand after "expected": `Cityscapes ids, 0 to 33`. */
  readonly expected: string;
  /** The class index of a value, 255 for ignored ones; values beyond the list mean nothing. */
  readonly labels: readonly number[];
}

/** Reads 8-bit gray or palette PNGs of such values. */
export function idLabelReader(encoding: IdEncoding): LabelReader {
  return {
    read: (path) => readIdLabels(path, encoding),
    readSize: async (path) => {
      const header = await readLabelHeader(path);
      rejectColor(header.color, path, encoding);
      return header;
    },
  };
}

/**
 * Throws a DataError naming the file, the value and its first pixel (column, row) when a value means nothing, and when
 * the file is damaged or holds colors.
 */
async function readIdLabels(path: string, encoding: IdEncoding): Promise<LabelMap> {
  const { header, samples, channels } = await readLabelSamples(path);
  rejectColor(header.color, path, encoding);
  const { width, height } = header;
  const labels = new Uint8Array(width * height);
  const meanings = new Int32Array(256).fill(-1);
  meanings.set(encoding.labels);
  meanings[ignoreIndex] = ignoreIndex;
  const unknown = mapSamples(samples, labels, { stride: channels, meanings });
  if (unknown >= 0) {
    const value = samples[unknown * channels];
    const place = `(${unknown % width}, ${Math.floor(unknown / width)})`;
    throw new DataError(`${path}: value ${value} at pixel ${place}; expected ${encoding.expected}`);
  }
  return { width, height, labels };
}

function rejectColor(color: PngColor, path: string, { expected }: IdEncoding): void {
  if (color !== 'rgb' && color !== 'rgb-alpha') return;
  throw new DataError(`${path}: a PNG of colors; expected an 8-bit gray PNG of ${expected}`);
}
