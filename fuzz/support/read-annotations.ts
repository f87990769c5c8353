/** Reads a file of an annotation tool as an import does, and draws what it says. */

import { basename, dirname } from 'node:path';
import type { AnnotatedImage, Importer } from 'coarsely/importers';
import { drawAnnotations } from '#importers/draw-annotations.js';
import { drawSparse } from '#importers/draw-sparse.js';
import { outcomeOf } from './target.js';

/** Is the size of the picture that shapes are drawn into, whatever size the file states. */
export const pictureSize = { width: 24, height: 16 };
const mostAnnotations = 200;

/** Reads the file at `path` by an importer, and draws each image. */
export async function readAnnotations(importer: Importer, path: string): Promise<void> {
  const source = { path, root: dirname(path), files: [basename(path)] };
  await outcomeOf(() => importer.recognize(source));
  const onFinding = (): void => {};
  const outcome = await outcomeOf(() => importer.open(source, { images: null, onFinding }));
  if (!('value' in outcome)) return;
  await outcomeOf(async () => {
    for await (const image of outcome.value.images()) {
      if (image.path?.startsWith(source.root) === false) throw new Error(`an image at ${image.path}`);
      drawImage(image);
    }
  });
}

/**
 * Draws the first annotations of an image.
 *
 * @throws {Error} when a label map has another size, or a point lies outside
 */
export function drawImage(image: Pick<AnnotatedImage, 'annotations' | 'source'>): void {
  const { width, height } = pictureSize;
  const some = { ...image, annotations: image.annotations.slice(0, mostAnnotations) };
  const labels = new Map(some.annotations.map(({ className }, label) => [className ?? '', label % 200]));
  const options = { width, height, labels, onFinding: () => {} };
  const { values } = drawAnnotations(some, options);
  if (values.length !== width * height) throw new Error(`${values.length} labels`);
  for (const { x, y } of drawSparse(some, options).points) {
    if (!(x >= 0 && x < width && y >= 0 && y < height)) throw new Error(`a point at ${x}, ${y}`);
  }
}
