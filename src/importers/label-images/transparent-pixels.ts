/** Takes transparent pixels of label images as not labeled, whatever color or value is hidden below them. */

import type { LabelSamples } from '../../data/internal.js';
import { DataError } from '../../errors/index.js';
import type { RasterLabels } from '../annotations.js';
import type { Report } from '../reading.js';

/** Returns the alpha of each pixel of samples, or null where they have none. */
export function alphaOf({
  samples,
  channels,
}: Pick<LabelSamples, 'samples' | 'channels'>): AlphaSamples | null {
  if (channels !== 2 && channels !== 4) return null;
  return { at: (pixel) => samples[pixel * channels + channels - 1] as number };
}

/** Gives the alpha of pixels: 0 where they are transparent, 255 where they hide what is below. */
export interface AlphaSamples {
  at(pixel: number): number;
}

/**
 * Returns labels in which transparent pixels have the value of those that nobody labeled. Transparent and partly transparent
 * pixels are reported once for the file.
 *
 * @throws {DataError} naming the file when every value stands for something else
 */
export function withoutTransparent(
  raster: RasterLabels,
  {
    stored,
    source,
    report,
  }: { readonly stored: LabelSamples; readonly source: string; readonly report: Report },
): RasterLabels {
  const alpha = alphaOf(stored);
  if (alpha === null) return raster;
  const isUsed = new Uint8Array(256);
  let [transparent, partly] = [0, 0];
  for (const [pixel, value] of raster.values.entries()) {
    const opacity = alpha.at(pixel);
    if (opacity === 0) transparent++;
    else isUsed[value] = 1;
    if (opacity > 0 && opacity < 255) partly++;
  }
  if (partly > 0) {
    report(
      'partly-transparent',
      'partly transparent pixels of a mask count by their own color or value',
      `${source}: ${partly} pixels`,
    );
  }
  if (transparent === 0) return raster;
  report(
    'transparent',
    'transparent pixels of a mask are taken as not labeled',
    `${source}: ${transparent} pixels`,
  );
  const unlabeledValue = raster.unlabeledValue ?? isUsed.indexOf(0);
  if (unlabeledValue < 0) throw new DataError(`${source}: has 256 values beside its transparent pixels`);
  const values = raster.values.map((value, pixel) => (alpha.at(pixel) === 0 ? unlabeledValue : value));
  // What is not labeled has no class.
  const names = raster.names.map((name, value) => (value === unlabeledValue ? undefined : name));
  return { ...raster, values, names, unlabeledValue };
}
