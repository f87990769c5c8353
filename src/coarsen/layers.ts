/**
 * Splits a label image into two layers: surfaces, which are drawn across anything small or thin, and those details,
 * which are drawn on top or not at all.
 */

import type { Size } from '../data/index.js';
import { boundaryDistance, type Components, connectedComponents } from '../geometry/index.js';
import { spreadLabels } from './spread-labels.js';

/** Holds the regions of one layer. */
export interface Layer {
  readonly components: Components;
  /** Gives the distance of each pixel to the border of its component, in pixels. */
  readonly distance: Float32Array;
  /** Gives the largest such distance in each component, which is half its thickness. */
  readonly halfThickness: Float32Array;
}

export interface Layers {
  readonly surfaces: Layer;
  readonly details: Layer;
}

/**
 * Splits labels [height, width] into layers. Components below `detailArea` pixels, or nowhere thicker than
 * `detailThickness` pixels, become details, and the nearest surface takes their place. Unlabeled regions stay
 * components of value `ignoreIndex` in both layers; `details.components` has no pixels of surfaces.
 */
export function splitLayers(
  labels: Uint8Array,
  {
    width,
    height,
    ignoreIndex,
    detailArea,
    detailThickness,
  }: Size & { ignoreIndex: number; detailArea: number; detailThickness: number },
): Layers {
  const size = { width, height };
  const all = measureLayer(connectedComponents(labels, { ...size, connectivity: 8 }), size);
  const { ids, values, areas, count } = all.components;
  const isDetail = new Uint8Array(count);
  for (let id = 0; id < count; id++) {
    const small = (areas[id] as number) < detailArea;
    const thin = 2 * (all.halfThickness[id] as number) < detailThickness && values[id] !== ignoreIndex;
    isDetail[id] = small || thin ? 1 : 0;
  }
  const isOpen = Uint8Array.from(ids, (id) => isDetail[id] as number);
  // Without any surface, nothing can be drawn across the details.
  const covered =
    spreadLabels(labels, { ...size, isOpen }) ?? new Uint8Array(labels.length).fill(ignoreIndex);
  const surfaces = measureLayer(connectedComponents(covered, { ...size, connectivity: 8 }), size);
  const detailIds = ids.map((id) => (isDetail[id] === 1 ? id : -1));
  return { surfaces, details: { ...all, components: { ...all.components, ids: detailIds } } };
}

function measureLayer(components: Components, size: Size): Layer {
  const distance = boundaryDistance(components.ids, size);
  const halfThickness = new Float32Array(components.count);
  for (let pixel = 0; pixel < distance.length; pixel++) {
    const id = components.ids[pixel] as number;
    if ((distance[pixel] as number) > (halfThickness[id] as number))
      halfThickness[id] = distance[pixel] as number;
  }
  return { components, distance, halfThickness };
}
