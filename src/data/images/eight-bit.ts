/**
 * Turns stored values into the 8-bit channels that a run asked for: chooses the channels, and scales values of more than 8
 * bits by the stated range. A wrong guess would train a network on nearly black images, so what cannot be told is refused.
 */

import { DataError } from '../../errors/index.js';
import { type ImageReading, rangesOf, type ValueRange } from './image-reading.js';
import type { StoredForm, StoredPixels } from './stored-pixels.js';

/** Above this value a 16-bit image uses its range; below it, fewer than 15 bits are used. */
const leastOfWholeRange = 2 ** 14;

/** Says that the values of an image have no range of their own, and that none was stated. */
export class UnstatedRangeError extends DataError {}

/** Returns the least and the greatest finite value of an image of more than 8 bits; null for others. */
export function storedExtremes({
  values,
}: Pick<StoredPixels, 'values'>): { low: number; high: number } | null {
  if (values instanceof Uint8Array) return null;
  const [low, high] = extremes(values);
  return { low, high };
}

/**
 * Returns the pixels [height, width, channels] with 8 bits a channel. 8-bit values are kept. Values of other types are scaled
 * by the stated range; without one, unsigned 16-bit values are divided by 256.
 *
 * @throws {DataError} when the channels do not fit, a value is no number, or the range is not stated and cannot be assumed
 */
export function toEightBit(stored: StoredPixels, reading: ImageReading): Uint8Array {
  const places = chooseChannels(stored, reading);
  if (stored.values instanceof Uint8Array) return picked(stored, { places, reading });
  const ranges = rangesOf(reading);
  if (ranges !== null) return scaled(stored, { places, ranges });
  if (!(stored.values instanceof Uint16Array)) {
    const [low, high] = extremes(stored.values);
    throw new UnstatedRangeError(
      `${stored.type} values from ${shown(low)} to ${shown(high)}; ${statedAs(shown(low), shown(high))}`,
    );
  }
  const whole = unusedRange(stored, places);
  if (whole !== null) throw new UnstatedRangeError(whole);
  return picked(
    { ...stored, values: Uint8Array.from(stored.values, (value) => value >> 8) },
    { places, reading },
  );
}

/**
 * Returns the stored channels that become the channels of the reading.
 *
 * @throws {DataError} when the numbers do not fit
 */
export function chooseChannels(
  { channels, colors }: Omit<StoredForm, 'type'>,
  { channels: wanted }: ImageReading,
): number[] {
  const first = (count: number) => Array.from({ length: count }, (_, place) => place);
  if (wanted === channels) return first(wanted);
  // A gray image is shown in colors, and transparency is dropped.
  if (wanted === 3 && colors === 1 && channels <= 2) return [0, 0, 0];
  if (wanted === 3 && channels === 4) return first(3);
  if (wanted === 1 && colors === 1 && channels === 2) return [0];
  // Whether the colors are shades of gray shows when the pixels are known.
  if (wanted === 1 && colors === 3 && channels <= 4) return [0];
  throw new DataError(
    `has ${channels} ${channels === 1 ? 'channel' : 'channels'}, expected ${wanted}; data.channels says how many images have`,
  );
}

function picked(
  { values, channels, colors, width, height }: StoredPixels,
  { places, reading }: { readonly places: readonly number[]; readonly reading: ImageReading },
): Uint8Array {
  const bytes = values as Uint8Array;
  if (reading.channels === 1 && colors === 3) rejectColors(bytes, channels);
  if (places.length === channels) return bytes;
  const pixels = new Uint8Array(width * height * places.length);
  for (const [target, place] of places.entries()) {
    for (let to = target, from = place; to < pixels.length; to += places.length, from += channels) {
      pixels[to] = bytes[from] as number;
    }
  }
  return pixels;
}

function rejectColors(values: ArrayLike<number>, channels: number): void {
  for (let at = 0; at < values.length; at += channels) {
    if (values[at] !== values[at + 1] || values[at] !== values[at + 2]) {
      throw new DataError('has colors, expected gray, as data.channels is 1');
    }
  }
}

function scaled(
  { values, channels, colors, width, height }: StoredPixels,
  { places, ranges }: { readonly places: readonly number[]; readonly ranges: readonly ValueRange[] },
): Uint8Array {
  if (places.length === 1 && colors === 3) rejectColors(values, channels);
  const pixels = new Uint8Array(width * height * places.length);
  for (const [target, place] of places.entries()) {
    const [low, high] = ranges[target] as ValueRange;
    const factor = 255 / (high - low);
    for (let to = target, from = place; to < pixels.length; to += places.length, from += channels) {
      const value = values[from] as number;
      if (Number.isNaN(value)) {
        const pixel = (to - target) / places.length;
        throw new DataError(
          `the value at pixel (${pixel % width}, ${Math.floor(pixel / width)}) is not a number; give such pixels a value`,
        );
      }
      pixels[to] = Math.min(255, Math.max(0, Math.round((value - low) * factor)));
    }
  }
  return pixels;
}

/** Says that 16-bit values use a part of their range only, or returns null. Channels of one value tell nothing. */
function unusedRange({ values, channels, colors }: StoredPixels, places: readonly number[]): string | null {
  const groups = [[...new Set(places)].filter((place) => place < colors)];
  for (const place of places) if (place >= colors) groups.push([place]);
  for (const group of groups) {
    let [low, high] = [Number.POSITIVE_INFINITY, 0];
    for (const place of group) {
      for (let at = place; at < values.length; at += channels) {
        const value = values[at] as number;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (high >= leastOfWholeRange || low >= high) continue;
    const which =
      groups.length > 1 && group[0] !== undefined && group[0] >= colors ? ` in channel ${group[0] + 1}` : '';
    return (
      `16-bit values from ${low} to ${high}${which}, which would be nearly black; ` +
      `${statedAs('0', String(wholeRangeOf(high)))}; or 0 and 65535 if it is as dark as that`
    );
  }
  return null;
}

/** Says how a range is stated. */
function statedAs(low: string, high: string): string {
  return `say which values are black and white: data.imageRange=[${low},${high}], or predict --image-range ${low},${high}`;
}

/** Returns the greatest number of as many bits as the value needs: 4095 for 4000. */
function wholeRangeOf(value: number): number {
  return Math.max(255, 2 ** Math.ceil(Math.log2(value + 1)) - 1);
}

function extremes(values: Iterable<number>): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
