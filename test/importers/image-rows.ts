/** Draws what was read of an image, label image and shapes, as rows of characters. */

import type { AnnotatedImage } from 'coarsely/importers';
import { drawAnnotations } from '#importers/draw-annotations.js';
import { rowsOfBytes } from '../support/rows.js';

/**
 * Returns the first letter of each pixel's class, `.` where nobody labeled it, and `x` where nobody should learn from it. What a
 * label image says is drawn below the shapes.
 */
export function imageRows(
  image: AnnotatedImage | undefined,
  { order = 'area' }: { readonly order?: 'area' | 'file' | 'z' } = {},
): string[] {
  const size = image?.size ?? null;
  if (image === undefined || size === null) throw new Error('no image of known size');
  const names = [
    ...(image.raster?.names ?? []),
    ...image.annotations.map(({ className }) => className),
  ].filter((name) => typeof name === 'string');
  const classes = [...new Set(names)];
  const unlabeled = 254;
  const characters: Record<number, string> = { 255: 'x', [unlabeled]: '.' };
  for (const [label, name] of classes.entries()) characters[label] = name.slice(0, 1);
  const { values } = drawAnnotations(image, {
    ...size,
    labels: new Map(classes.map((name, label) => [name, label])),
    order,
    unlabeled,
    onFinding: () => {},
  });
  return rowsOfBytes(values, { width: size.width, characters });
}
