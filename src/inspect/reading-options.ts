/** Splits the keys of a `data` section that say how files are read: those of every kind of dataset, and options of a kind. */

import type { ImageReading } from '../data/index.js';
import { parseImageReading } from '../data/internal.js';

/** Holds keys as the `data` section of a config has them, such as `labelSuffix` and `exif`. */
export type ReadingOptions = Readonly<Record<string, unknown>>;

/**
 * Returns the options of the kind, and how images are read.
 *
 * @throws {ConfigError} for a wrong value of how images are read
 */
export function splitOptions({ channels, imageRange, exif, ...kindOptions }: ReadingOptions): {
  readonly kindOptions: ReadingOptions;
  readonly images: ImageReading;
  /** Holds the key `images` of a dataset's section; empty where images are read as by default. */
  readonly section: { readonly images?: ImageReading };
} {
  const given = Object.entries({ channels, range: imageRange, exif }).filter(
    ([, value]) => value !== undefined,
  );
  const images = parseImageReading(Object.fromEntries(given));
  return { kindOptions, images, section: given.length === 0 ? {} : { images } };
}
