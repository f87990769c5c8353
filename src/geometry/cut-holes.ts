/** Cuts regions so that none has a hole, for forms of polygons that cannot state one. */

import type { Size } from '../data/index.js';
import { connectedComponents } from './connected-components.js';
import { traceRings } from './trace-rings.js';

/** Holds regions without holes. */
export interface CutRegions {
  /** Gives the number of the part of each pixel [height, width]; −1 where there is none. */
  readonly ids: Int32Array;
  /** Gives the id of the region that each part belongs to. */
  readonly regions: Int32Array;
}

/**
 * Cuts the regions in `ids` [height, width] (−1 for no region) along rows, so that no part has a hole. Each cut runs through
 * the middle of as many holes of a region as lie beside each other; regions without holes stay whole.
 */
export function cutHoles(ids: Int32Array, { width, height }: Size): CutRegions {
  const size = { width, height };
  let parts: Int32Array = ids;
  // Parts of a region, by the number of the region.
  let regions: Int32Array | null = null;
  for (;;) {
    const cuts = rowsToCut(parts, size);
    if (cuts.size === 0 && regions !== null) return { ids: parts, regions };
    const components = connectedComponents(withCuts(parts, { cuts, width }), {
      ...size,
      connectivity: 4,
      excluded: -1,
    });
    const firsts = firstPixels(components.ids, components.count);
    const before = parts;
    const known: Int32Array | null = regions;
    regions = Int32Array.from(firsts, (pixel): number => {
      const part = before[pixel] as number;
      return known === null ? part : (known[part] as number);
    });
    parts = components.ids;
  }
}

/** Returns the rows at whose upper edge each region with holes is cut. */
function rowsToCut(ids: Int32Array, size: Size): Map<number, number[]> {
  const holes = new Map<number, { top: number; bottom: number }[]>();
  for (const { id, ring, area } of traceRings(ids, size)) {
    if (area > 0) continue;
    let [top, bottom] = [Infinity, -Infinity];
    for (let place = 1; place < ring.length; place += 2) {
      top = Math.min(top, ring[place] as number);
      bottom = Math.max(bottom, ring[place] as number);
    }
    const list = holes.get(id);
    if (list === undefined) holes.set(id, [{ top, bottom }]);
    else list.push({ top, bottom });
  }
  const cuts = new Map<number, number[]>();
  for (const [id, list] of holes) cuts.set(id, rowsThrough(list));
  return cuts;
}

/** Returns few rows such that each hole has one between its top and bottom. */
function rowsThrough(holes: readonly { readonly top: number; readonly bottom: number }[]): number[] {
  const rows: number[] = [];
  let [top, bottom] = [-Infinity, -Infinity];
  const close = () => {
    if (Number.isFinite(top)) rows.push(Math.floor((top + bottom) / 2));
  };
  for (const hole of [...holes].sort((a, b) => a.top - b.top)) {
    if (hole.top <= bottom) {
      top = hole.top;
      bottom = Math.min(bottom, hole.bottom);
    } else {
      close();
      ({ top, bottom } = hole);
    }
  }
  close();
  return rows;
}

/** Gives the pixels between two cuts of a region a value of their own. */
function withCuts(
  ids: Int32Array,
  { cuts, width }: { readonly cuts: ReadonlyMap<number, readonly number[]>; readonly width: number },
): Int32Array {
  if (cuts.size === 0) return ids;
  const values = Int32Array.from(ids);
  let next = 0;
  for (const id of ids) if (id >= next) next = id + 1;
  const firstBand = new Map<number, number>();
  for (const [id, rows] of cuts) {
    firstBand.set(id, next);
    next += rows.length + 1;
  }
  for (let pixel = 0; pixel < ids.length; pixel++) {
    const id = ids[pixel] as number;
    const first = firstBand.get(id);
    if (first === undefined) continue;
    const y = Math.floor(pixel / width);
    const rows = cuts.get(id) as readonly number[];
    let band = 0;
    while (band < rows.length && y >= (rows[band] as number)) band++;
    values[pixel] = first + band;
  }
  return values;
}

function firstPixels(ids: Int32Array, count: number): Int32Array {
  const first = new Int32Array(count).fill(-1);
  for (let pixel = 0; pixel < ids.length; pixel++) {
    const id = ids[pixel] as number;
    if (id >= 0 && first[id] === -1) first[id] = pixel;
  }
  return first;
}
