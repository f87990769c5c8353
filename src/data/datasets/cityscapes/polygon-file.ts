/** Reads labels from `*_polygons.json` files, painted as the official scripts do, for downloads without label PNGs. */

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DataError } from '../../../errors/index.js';
import { suggestion } from '../../../errors/internal.js';
import { parseJson } from '../../../files/index.js';
import { ignoreIndex } from '../../classes.js';
import type { LabelMap } from '../../images/label-file.js';
import type { Size } from '../../images/size.js';
import { unreadableFile } from '../../images/unreadable-file.js';
import { fillPolygon, type Vertex } from './fill-polygon.js';
import { cityscapesLabelNames, isUndrawn, trainIdOf } from './labels.js';

// Larger values are mistakes, and a mistaken size must not claim all memory.
const longestSide = 16_384;
const farthest = 1_000_000;
const pixels = z.int().min(1).max(longestSide);
const coordinate = z.number().min(-farthest).max(farthest);
const polygonFile = z.object({
  imgWidth: pixels,
  imgHeight: pixels,
  objects: z.array(
    z.object({
      label: z.string(),
      polygon: z.array(z.tuple([coordinate, coordinate])),
      deleted: z.union([z.boolean(), z.number()]).default(false),
    }),
  ),
});

/** Holds what a polygon file says. */
export type PolygonFile = z.output<typeof polygonFile>;

/**
 * Reads a polygon file as train ids [height, width]. Objects are painted in their order, without deleted ones and license
 * plates; a group counts as its class, and uncovered pixels are ignored (255).
 *
 * @throws {DataError} naming the file when it is not such a file, or has a label that Cityscapes does not have
 */
export async function readPolygonLabels(path: string): Promise<LabelMap> {
  const { imgWidth: width, imgHeight: height, objects } = await readPolygonFile(path);
  const labels = new Uint8Array(width * height).fill(ignoreIndex);
  for (const [place, { label, polygon, deleted }] of objects.entries()) {
    if (deleted || isUndrawn(label)) continue;
    const value = trainIdOf(label);
    if (value === undefined) {
      throw new DataError(
        `${path}: object ${place} has the label '${label}', which Cityscapes does not have${suggestion(label, cityscapesLabelNames)}`,
      );
    }
    paintPolygon(labels, { polygon, value, width, height });
  }
  return { width, height, labels };
}

/** Sets the pixels of an object's polygon to `value`, in an image [height, width], as the official scripts do. */
export function paintPolygon(
  target: Uint8Array,
  { polygon, ...rest }: Size & { readonly polygon: readonly Vertex[]; readonly value: number },
): void {
  fillPolygon(target, { ...rest, vertices: polygon.map(([x, y]): Vertex => [Math.trunc(x), Math.trunc(y)]) });
}

/**
 * Reads the image size that a polygon file states.
 *
 * @throws {DataError} naming the file when it is not such a file
 */
export async function readPolygonSize(path: string): Promise<Size> {
  const { imgWidth: width, imgHeight: height } = await readPolygonFile(path);
  return { width, height };
}

/**
 * Reads the size and the objects of a polygon file.
 *
 * @throws {DataError} naming the file when it is not such a file
 */
export async function readPolygonFile(path: string): Promise<PolygonFile> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadableFile(path, { what: 'cannot be read', cause });
  });
  const parsed = polygonFile.safeParse(parsePolygons(bytes, path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new DataError(
    `${path}: ${place}${issue?.message ?? 'unreadable'}; expected imgWidth, imgHeight and objects with label and polygon`,
  );
}

function parsePolygons(bytes: Uint8Array, path: string): unknown {
  try {
    return parseJson(bytes);
  } catch (cause) {
    throw unreadableFile(path, { what: 'damaged or truncated JSON', cause });
  }
}
