/** Reads what an annotation of COCO covers: polygons, run lengths in both forms, a box alone, key points. */

import type { Size } from '../../data/index.js';
import { mostPixelsInMemory } from '../../data/internal.js';
import { parseRuns, visitRuns } from '../../geometry/index.js';
import type { Shape } from '../annotations.js';
import { numberOf, numbersOf, sizeOf } from '../coordinates.js';
import { boxRing } from '../shape-rings.js';

/** Says why something is left out or how it is read, as a code and a message of `ImportFinding`. */
type Tell = (code: string, message: string) => void;

/** Holds an annotation as its file has it. */
export type CocoAnnotation = Readonly<Record<string, unknown>>;

/** Returns what an annotation covers in an image of this size, after saying what of it is left out. */
export function shapesOf(
  annotation: CocoAnnotation,
  { image, tell }: { readonly image: Size | null; readonly tell: Tell },
): Shape[] {
  const points = visibleKeypoints(annotation.keypoints, tell);
  const area = areaOf(annotation, { image, hasPoints: points !== null, tell });
  return [area, points].filter((shape) => shape !== null);
}

function areaOf(
  { segmentation, bbox }: CocoAnnotation,
  {
    image,
    hasPoints,
    tell,
  }: { readonly image: Size | null; readonly hasPoints: boolean; readonly tell: Tell },
): Shape | null {
  if (Array.isArray(segmentation) && segmentation.length > 0) return polygons(segmentation, tell);
  if (isRecord(segmentation)) return runMask(segmentation, { image, tell });
  if (typeof segmentation === 'string') {
    tell('unreadable-shape', 'a segmentation that is neither polygons nor run lengths is left out');
    return null;
  }
  const box = numbersOf(bbox);
  // Points state more exactly than their box where the object is.
  if (hasPoints || box === null || box.length !== 4) return null;
  const [left = 0, top = 0, width = 0, height = 0] = box;
  tell('box-only', 'an annotation without an outline is drawn as its box');
  return { kind: 'polygon', parts: [[boxRing({ left, top, width, height })]] };
}

/** Reads polygons, each of which adds to the annotation; also a single one that is not in a list. */
function polygons(given: readonly unknown[], tell: Tell): Shape | null {
  const lists = given.every((entry) => Array.isArray(entry)) ? given : [given];
  const parts: [readonly number[]][] = [];
  for (const list of lists) {
    const ring = numbersOf(list) ?? [];
    if (ring.length % 2 === 0 && ring.length >= 6) parts.push([ring]);
    else tell('degenerate-shape', 'a polygon of fewer than 3 points, or of half a point, is left out');
  }
  return parts.length === 0 ? null : { kind: 'polygon', parts };
}

/** Reads the run lengths of the whole image, and keeps the part of it that the mask fills. */
function runMask(
  { counts, size }: Readonly<Record<string, unknown>>,
  { image, tell }: { readonly image: Size | null; readonly tell: Tell },
): Shape | null {
  const [height, width] = Array.isArray(size) ? size : [];
  const stated = sizeOf(width, height);
  if (stated === null || stated.width * stated.height > mostPixelsInMemory) {
    tell('unreadable-shape', 'run lengths without the size of an image are left out');
    return null;
  }
  if (image !== null && (image.width !== stated.width || image.height !== stated.height)) {
    tell('mask-size', 'run lengths for an image of another size are left out');
    return null;
  }
  try {
    const runs = typeof counts === 'string' ? parseRuns(counts) : (numbersOf(counts) ?? []);
    return cropped(runs, stated);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    tell('unreadable-shape', 'run lengths that are damaged, or do not fill the image, are left out');
    return null;
  }
}

/** An image of hundreds of objects would need hundreds of its size otherwise. */
function cropped(runs: readonly number[], size: Size): Shape {
  let [left, top, right, bottom] = [size.width, size.height, -1, -1];
  visitRuns(runs, size, (pixel) => {
    const x = pixel % size.width;
    const y = (pixel - x) / size.width;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  });
  if (right < 0) return { kind: 'mask', left: 0, top: 0, width: 1, height: 1, mask: new Uint8Array(1) };
  const width = right - left + 1;
  const height = bottom - top + 1;
  const mask = new Uint8Array(width * height);
  visitRuns(runs, size, (pixel) => {
    const x = pixel % size.width;
    mask[((pixel - x) / size.width - top) * width + x - left] = 1;
  });
  return { kind: 'mask', left, top, width, height, mask };
}

/** The pixel of a key point that something hides shows another object. */
const visible = 2;

/** Reads key points x, y, v, …, of which v says whether they are seen. */
function visibleKeypoints(given: unknown, tell: Tell): Shape | null {
  const numbers = numbersOf(given);
  if (numbers === null || numbers.length === 0) return null;
  if (numbers.length % 3 !== 0) {
    tell('unreadable-shape', 'key points that are not three numbers each are left out');
    return null;
  }
  const points: number[] = [];
  for (let place = 0; place < numbers.length; place += 3) {
    const [x, y, state] = numbers.slice(place, place + 3);
    if (state === visible) points.push(numberOf(x), numberOf(y));
  }
  return points.length === 0 ? null : { kind: 'points', points };
}

/** Returns whether a value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
