/** Reads label files whose values are the ids of a dataset rather than the indices of its classes. */

import { DataError } from '../../errors/index.js';
import { ignoreIndex } from '../classes.js';
import type { PngColor } from './file-ends.js';
import { type LabelMap, type LabelReader, mapSamples } from './label-file.js';
import { readLabelHeader, readLabelSamples } from './label-samples.js';

/** Says what the values of a dataset's label files mean. */
export interface IdEncoding {
  /** Describes the values in error messages, after "expected": `Cityscapes ids, 0 to 33`. */
  readonly expected: string;
  /** Maps each value to a class index, or to 255 when it is ignored. Values beyond the list are errors. */
  readonly labels: readonly number[];
}

/** Returns a reader of 8-bit gray or palette PNGs with these ids. */
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
