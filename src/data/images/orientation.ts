/**
 * Explains why labels and image differ in size. A camera held upright stores a photo lying down with an EXIF orientation,
 * which some tools for labeling apply and others ignore; resizing such labels would make wrong ones that fit.
 */

import { counted } from '../../format/index.js';
import { readImageHeader } from './image-file.js';
import { defaultReading, type ImageReading } from './image-reading.js';
import type { Size } from './size.js';
import { sizeMismatch } from './size.js';

/** Returns the EXIF orientation of an image (see `ImageHeader`); 1 for a file whose header cannot be read. */
export async function readOrientation(path: string, reading: ImageReading = defaultReading): Promise<number> {
  const header = await readImageHeader(path, reading).catch(() => null);
  return header?.orientation ?? 1;
}

/** Returns whether an orientation swaps width and height. */
export function swapsSides(orientation: number): boolean {
  return orientation >= 5;
}

/** Returns whether labels have the size of an image with width and height swapped. */
export function areSwapped({ image, labels }: { readonly image: Size; readonly labels: Size }): boolean {
  return image.width === labels.height && image.height === labels.width && image.width !== image.height;
}

/** Returns what to do about labels whose sides are swapped against their image of this EXIF orientation. */
function swappedRemedy(orientation: number, { exif }: Pick<ImageReading, 'exif'>): string {
  if (!swapsSides(orientation)) return 'the labels are turned by 90° or stored by columns; export them again';
  return exif !== 'ignore'
    ? `its EXIF orientation ${orientation} was applied; if the labels were drawn on the pixels as stored, set data.exif: ignore`
    : `its EXIF orientation ${orientation} was ignored; if the labels were drawn on the picture as shown, set data.exif: apply`;
}

/** Says how many images have an EXIF orientation other than upright, and what is assumed about their labels. */
export function turnedNote(count: number, { exif }: Pick<ImageReading, 'exif'>): string {
  const images = `${counted(count, 'image has', 'images have')} an EXIF orientation other than upright`;
  return exif !== 'ignore'
    ? `${images}, which is applied: labels are taken to be drawn on the picture as shown (otherwise set data.exif: ignore)`
    : `${images}, which is ignored: labels are taken to be drawn on the pixels as stored`;
}

/**
 * Returns an error message when the label file at `labelPath` differs from its image in size, with the cause where the sides
 * are swapped, and null otherwise.
 */
export async function explainMismatch(
  { labelPath, imagePath }: { readonly labelPath: string; readonly imagePath: string },
  { image, labels, reading }: { readonly image: Size; readonly labels: Size; readonly reading: ImageReading },
): Promise<string | null> {
  const mismatch = sizeMismatch(labelPath, { image, labels });
  if (mismatch === null || !areSwapped({ image, labels })) return mismatch;
  return `${mismatch}: ${swappedRemedy(await readOrientation(imagePath, reading), reading)}`;
}
