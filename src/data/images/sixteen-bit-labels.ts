/** Reads 16-bit label PNGs, which some tools write although labels need 8 bits. */

import { DataError } from '../../errors/index.js';
import type { PngHeader } from './file-ends.js';

/** White of 16 bits divided by white of 8 bits: what an 8-bit value is multiplied by when it is stretched to 16 bits. */
const stretch = 257;
/** Cityscapes' instance ids are 1000 times the id of a class that has instances, 24 to 33, and a number. */
const instanceIds = { from: 24_000, to: 33_999 } as const;

/**
 * Returns 16-bit samples [height, width, channels] as 8-bit ones: values as they are, and colors by their upper byte where
 * that is exact.
 *
 * @throws {DataError} naming the file, the first value that 8 bits cannot hold, and what it probably is
 */
export function narrowSamples(
  samples: Uint16Array,
  {
    header: { width },
    channels,
    path,
  }: { readonly header: Pick<PngHeader, 'width'>; readonly channels: number; readonly path: string },
): Uint8Array {
  const inColor = channels >= 3;
  const isLost = (value: number) => (inColor ? value % stretch !== 0 : value > 255);
  // Alpha is dropped, whatever its value.
  const opaque = channels - (channels % 2 === 0 ? 1 : 0);
  for (let at = 0; at < samples.length; at += channels) {
    for (let channel = 0; channel < opaque; channel++) {
      const value = samples[at + channel] as number;
      if (!isLost(value)) continue;
      const pixel = at / channels;
      const place = `pixel ${pixel % width},${Math.floor(pixel / width)}`;
      throw new DataError(`${path}: 16-bit value ${value} at ${place} ${reason(value, samples)}`);
    }
  }
  return Uint8Array.from(samples, (value) => (inColor ? value / stretch : value));
}

function reason(value: number, samples: Uint16Array): string {
  if (samples.every((one) => one % stretch === 0)) {
    return 'is an 8-bit value times 257: the tool stretched the labels; save them with 8 bits';
  }
  if (value >= instanceIds.from && value <= instanceIds.to) {
    return 'looks like an instance id of Cityscapes: use the files that end in _labelIds.png';
  }
  return 'does not fit into the 8 bits of a label: save labels as 8-bit gray, palette or RGB';
}
