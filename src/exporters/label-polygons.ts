/** Turns a label map into the polygons of its regions, in an order and form that tools of annotation can show and edit. */

import { ignoreIndex, type Size } from '../data/index.js';
import { connectedComponents, cutHoles, outlineRegions, type Ring, visitSpans } from '../geometry/index.js';

/** Holds the polygon of a region of one class. */
export interface LabelPolygon {
  /** Is the index of the class. */
  readonly label: number;
  /** Numbers the region in its image; parts of a region that was cut share the number. */
  readonly region: number;
  /** Says whether the region consists of several parts. */
  readonly isPart: boolean;
  /** Holds the outline, and those of holes where they are kept; the even-odd rule applies. */
  readonly rings: readonly Ring[];
  /** Counts the pixels that the polygon covers. */
  readonly area: number;
  /** Is true where the tolerance was not used, as the polygon would have vanished. */
  readonly kept: boolean;
}

/**
 * Returns the polygons of the 4-connected regions of each class, those of the most pixels first, so that in tools that stack
 * them in this order none is hidden. With `holes: cut`, regions with holes are cut into parts without.
 */
export function labelPolygons(
  labels: Uint8Array,
  {
    width,
    height,
    tolerance,
    holes,
  }: Size & {
    readonly tolerance: number;
    /** Says whether holes are rings inside the outline, or regions are cut so that there are none. */
    readonly holes: 'rings' | 'cut';
  },
): LabelPolygon[] {
  const size = { width, height };
  const components = connectedComponents(labels, { ...size, connectivity: 4, excluded: ignoreIndex });
  const cut = holes === 'cut' ? cutHoles(components.ids, size) : null;
  const regionOf = (id: number) => (cut === null ? id : (cut.regions[id] as number));
  const parts = new Map<number, number>();
  for (const region of cut?.regions ?? []) parts.set(region, (parts.get(region) ?? 0) + 1);
  const polygons = outlineRegions(cut?.ids ?? components.ids, { ...size, tolerance });
  return polygons
    .map(({ id, rings, kept }): LabelPolygon => {
      const region = regionOf(id);
      const label = components.values[region] as number;
      return { label, region, isPart: (parts.get(region) ?? 1) > 1, rings, area: areaOf(rings, size), kept };
    })
    .sort((a, b) => b.area - a.area);
}

function areaOf(rings: readonly Ring[], size: Size): number {
  let area = 0;
  visitSpans(rings, size, (start, end) => {
    area += end - start;
  });
  return area;
}
