/**
 * Says how image files become 8-bit pixels: how many channels they have, and which stored values are black and white. The
 * same reading is used wherever a run meets an image: in training, evaluation, prediction and reports.
 */

import { z } from 'zod';
import { ConfigError } from '../../errors/index.js';

const range = z
  .tuple([z.number(), z.number()], 'expected [low, high]')
  .refine(([low, high]) => low < high, 'expected [low, high] with low below high');

/** Validates the number of channels of images. */
export const channelsOption = z.int().min(1).max(64).default(3);

/** Validates the values that become black and white: one range, or one for each channel. */
export const rangeOption = z
  .union([range, z.array(range).min(1)])
  .nullable()
  .default(null);

/** Validates what an EXIF orientation does. */
export const exifOption = z.enum(['apply', 'ignore']).default('apply');

/** Validates how image files are read. */
const imageReadingOptions = z.strictObject({
  channels: channelsOption,
  range: rangeOption,
  exif: exifOption,
});

/** Gives the stored values that become 0 and 255. */
export type ValueRange = readonly [low: number, high: number];

/** Says how image files become 8-bit pixels. */
export interface ImageReading {
  /** Counts the channels of the pixels: 1 for gray, 3 for colors, and more for colors with others behind them. */
  readonly channels: number;
  /**
   * Gives the values that become 0 and 255, for all channels or for each one. Null takes the whole range of 8 and 16 bits,
   * and refuses other numbers.
   */
  readonly range: ValueRange | readonly ValueRange[] | null;
  /** Turns images as their EXIF orientation says, which is the default, or leaves the pixels as stored. */
  readonly exif?: 'apply' | 'ignore';
}

/** Reads colors with 8 bits a channel. */
export const defaultReading: ImageReading = { channels: 3, range: null, exif: 'apply' };

/** Returns the range of each channel, or null when none is stated. */
export function rangesOf({ channels, range: stated }: ImageReading): readonly ValueRange[] | null {
  if (stated === null) return null;
  if (isOneRange(stated)) return Array.from({ length: channels }, () => stated);
  return stated;
}

/** Says what is wrong with the ranges of a reading, or returns null. */
export function rangeProblem({ channels, range: stated }: Omit<ImageReading, 'exif'>): string | null {
  if (stated === null || isOneRange(stated) || stated.length === channels) return null;
  return `expected one range, or one for each of ${channels} channels, received ${stated.length}`;
}

/**
 * Returns the reading that the reserved key `images` of a dataset's section describes; the default reading without it.
 *
 * @throws {ConfigError} for unknown keys and wrong values
 */
export function parseImageReading(given: unknown): ImageReading {
  if (given === undefined) return defaultReading;
  const parsed = imageReadingOptions.safeParse(given);
  const problem = parsed.success ? rangeProblem(parsed.data) : parsed.error.issues[0]?.message;
  if (!parsed.success || problem !== null) throw new ConfigError(`dataset: images: ${problem}`);
  return parsed.data;
}

function isOneRange(stated: ValueRange | readonly ValueRange[]): stated is ValueRange {
  return typeof stated[0] === 'number';
}
