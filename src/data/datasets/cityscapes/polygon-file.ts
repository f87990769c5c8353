/** Label images from `*_polygons.json`, as the official scripts draw them: for downloads that lack the PNGs. */

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DataError, suggestion } from '../../../errors/index.js';
import { failureReason } from '../../files/failure-reason.js';
import type { LabelMap } from '../../images/label-file.js';
import type { Size } from '../../images/region.js';
import { ignoreIndex } from '../dataset.js';
import { fillPolygon, type Vertex } from './fill-polygon.js';
import { cityscapesLabelNames, isUndrawn, trainIdOf } from './labels.js';

// Beyond these it is a mistake, and a mistaken size must not claim all memory.
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

type PolygonFile = z.output<typeof polygonFile>;

/**
 * Train ids [height, width] of a polygon file: objects are painted in their order, deleted ones and license plates are
 * left out, a group counts as its class, and what nothing covers is ignored (255).
 *
 * Throws a DataError naming the file for what is no such file, and for a label that Cityscapes does not have.
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
    const vertices = polygon.map(([x, y]): Vertex => [Math.trunc(x), Math.trunc(y)]);
    fillPolygon(labels, { vertices, value, width, height });
  }
  return { width, height, labels };
}

/** The size that a polygon file states. Throws a DataError like `readPolygonLabels`. */
export async function readPolygonSize(path: string): Promise<Size> {
  const { imgWidth: width, imgHeight: height } = await readPolygonFile(path);
  return { width, height };
}

async function readPolygonFile(path: string): Promise<PolygonFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DataError(`${path}: cannot be read (${failureReason(cause, path)})`, { cause });
  });
  const parsed = polygonFile.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new DataError(
    `${path}: ${place}${issue?.message ?? 'unreadable'}; expected imgWidth, imgHeight and objects with label and polygon`,
  );
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${path}: damaged or truncated JSON (${failureReason(cause, path)})`, { cause });
  }
}
