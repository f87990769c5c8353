/**
 * Outlines the regions of an image by polygons of few corners that still fit together: a border between two regions is
 * simplified once, for both of them, so that neither gaps nor overlaps appear between neighbors.
 */

import type { Size } from '../data/index.js';
import { visitSpans } from './fill-rings.js';
import { simplifyLine, simplifyRing } from './simplify-ring.js';
import { type Ring, traceRings } from './trace-rings.js';

/** Holds the polygon of a region. */
export interface OutlinedRegion {
  readonly id: number;
  /** Holds its outline and those of its holes; a pixel is inside if it is in an odd number of them. */
  readonly rings: readonly Ring[];
  /** Is true where a ring keeps all its corners, as fewer would have made it vanish. It may then lie over its neighbors. */
  readonly kept: boolean;
}

/**
 * Returns the polygons of the regions in `ids` [height, width] (−1 for no region), which must be 4-connected. A corner is
 * left out by Douglas–Peucker while the outline stays within `tolerance` pixels; 0 keeps all. The edges of the image and the
 * points where more than two regions meet stay as they are.
 */
export function outlineRegions(
  ids: Int32Array,
  { width, height, tolerance }: Size & { readonly tolerance: number },
): OutlinedRegion[] {
  const size = { width, height };
  const regions = new Map<number, { rings: Ring[]; kept: boolean }>();
  for (const { id, ring } of traceRings(ids, size)) {
    const region = regions.get(id) ?? { rings: [], kept: false };
    regions.set(id, region);
    const simple = tolerance === 0 ? ring : withFewerCorners(ring, { ids, size, tolerance });
    const vanishes = tolerance > 0 && !coversPixel(simple, size);
    region.rings.push(vanishes ? ring : simple);
    if (vanishes) region.kept = true;
  }
  return [...regions].map(([id, { rings, kept }]) => ({ id, rings, kept }));
}

interface SimplifyOptions {
  readonly ids: Int32Array;
  readonly size: Size;
  readonly tolerance: number;
}

type Point = readonly [x: number, y: number];

/** Simplifies each part of a ring between two junctions by itself, in a direction that does not depend on the ring's. */
function withFewerCorners(ring: Ring, { ids, size, tolerance }: SimplifyOptions): Ring {
  const points = withJunctions(ring, { ids, size });
  const first = points.findIndex(({ junction }) => junction);
  if (first === -1) return simplifyClosed(ring, tolerance);
  const turned = [...points.slice(first), ...points.slice(0, first + 1)];
  const corners: number[] = [];
  let part: Point[] = [];
  for (const { point, junction } of turned) {
    part.push(point);
    if (!junction || part.length === 1) continue;
    // The last point of a part is the first of the next.
    corners.push(...simplifyPart(part, tolerance).slice(0, -2));
    part = [point];
  }
  return tidy(corners);
}

/** Lists the corners of a ring and the junctions on its edges, in order. */
function withJunctions(
  ring: Ring,
  { ids, size }: Pick<SimplifyOptions, 'ids' | 'size'>,
): { point: Point; junction: boolean }[] {
  const points: { point: Point; junction: boolean }[] = [];
  for (let place = 0; place < ring.length; place += 2) {
    let [x, y] = [ring[place] as number, ring[place + 1] as number];
    const next = (place + 2) % ring.length;
    const [endX, endY] = [ring[next] as number, ring[next + 1] as number];
    const [stepX, stepY] = [Math.sign(endX - x), Math.sign(endY - y)];
    for (let isCorner = true; x !== endX || y !== endY; x += stepX, y += stepY, isCorner = false) {
      const junction = isJunction(ids, size, [x, y]);
      if (isCorner || junction) points.push({ point: [x, y], junction });
    }
  }
  return points;
}

/** Is the id of what lies around the image, which is no pixel without a region. */
const around = -2;

/** Returns whether a point is a corner of the image, or one where borders meet or cross. */
function isJunction(ids: Int32Array, { width, height }: Size, [x, y]: Point): boolean {
  if ((x === 0 || x === width) && (y === 0 || y === height)) return true;
  const at = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= width || row >= height
      ? around
      : (ids[row * width + column] as number);
  const [a, b, c, d] = [at(x - 1, y - 1), at(x, y - 1), at(x - 1, y), at(x, y)];
  if (a === d && b === c) return a !== b;
  const other = b === a ? (c === a ? d : c) : b;
  return (c !== a && c !== other) || (d !== a && d !== other);
}

/** Simplifies an open line. It is turned so that both of its sides get the same corners. */
function simplifyPart(part: readonly Point[], tolerance: number): number[] {
  const last = part.length - 1;
  const isBackward =
    compare(part[0] as Point, part[last] as Point) > 0 ||
    (compare(part[0] as Point, part[last] as Point) === 0 &&
      compare(part[1] as Point, part[last - 1] as Point) > 0);
  const line = simplifyLine((isBackward ? [...part].reverse() : part).flat(), tolerance);
  return isBackward ? reversed(line) : line;
}

/** Simplifies a ring without junctions. It begins at its first point in reading order and runs in a fixed direction. */
function simplifyClosed(ring: Ring, tolerance: number): Ring {
  const points = Array.from(
    { length: ring.length / 2 },
    (_, i): Point => [ring[2 * i] as number, ring[2 * i + 1] as number],
  );
  let start = 0;
  for (const [place, point] of points.entries())
    if (compare(point, points[start] as Point) < 0) start = place;
  const turned = [...points.slice(start), ...points.slice(0, start)];
  const isBackward = compare(turned[1] as Point, turned[turned.length - 1] as Point) > 0;
  const canonical = isBackward ? [turned[0] as Point, ...turned.slice(1).reverse()] : turned;
  const simple = simplifyRing(canonical.flat(), tolerance);
  return isBackward ? reversed(simple) : simple;
}

/** Orders points by row and then by column. */
function compare([x0, y0]: Point, [x1, y1]: Point): number {
  return y0 - y1 || x0 - x1;
}

function reversed(line: readonly number[]): number[] {
  const result: number[] = [];
  for (let place = line.length - 2; place >= 0; place -= 2) {
    result.push(line[place] as number, line[place + 1] as number);
  }
  return result;
}

/**
 * Leaves out what encloses nothing: corners on level and upright edges, which were junctions with other regions, and lines
 * there and back, which remain of what is thinner than the tolerance.
 */
function tidy(ring: readonly number[]): Ring {
  let points = Array.from(
    { length: ring.length / 2 },
    (_, i): Point => [ring[2 * i] as number, ring[2 * i + 1] as number],
  );
  for (let before = -1; before !== points.length; ) {
    before = points.length;
    const kept: Point[] = [];
    for (const point of points) {
      while (
        kept.length >= 2 &&
        isNeedless(kept[kept.length - 2] as Point, kept[kept.length - 1] as Point, point)
      ) {
        kept.pop();
      }
      if (kept.length === 0 || compare(kept[kept.length - 1] as Point, point) !== 0) kept.push(point);
    }
    // So that the next pass looks at what was the first and the last corner.
    points = [...kept.slice(2), ...kept.slice(0, 2)];
  }
  return points.flat();
}

/** Returns whether a corner between two others lies straight between them, or the line turns back at it. */
function isNeedless(from: Point, corner: Point, to: Point): boolean {
  if (compare(from, to) === 0) return true;
  const isUpright = from[0] === corner[0] && corner[0] === to[0];
  const isLevel = from[1] === corner[1] && corner[1] === to[1];
  return isUpright || isLevel;
}

function coversPixel(ring: Ring, size: Size): boolean {
  let covers = false;
  visitSpans([ring], size, () => {
    covers = true;
  });
  return covers;
}
