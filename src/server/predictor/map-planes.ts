/**
 * Puts what a network makes of an image into one gray picture: prediction, confidence and, where the run has a reweighter,
 * weights, one above the other.
 */

import type { ImageMaps } from '../../analysis/index.js';
import { byteOfConfidence, byteOfWeight } from '../../components/index.js';
import type { Size } from '../../data/index.js';

/** Names what a network makes of an image. */
export const layerNames = ['prediction', 'confidence', 'weight'] as const;

/** Names a map that lies over the image. */
export type LayerName = (typeof layerNames)[number];

/** Returns the planes of an image's maps, [planes · height, width]. */
export function stackPlanes({
  prediction,
  confidence,
  weights,
}: Pick<ImageMaps, 'prediction' | 'confidence' | 'weights'>): Uint8Array {
  const pixels = prediction.length;
  const planes = new Uint8Array(pixels * (weights === null ? 2 : 3));
  planes.set(prediction);
  for (let pixel = 0; pixel < pixels; pixel++) {
    planes[pixels + pixel] = byteOfConfidence(confidence[pixel] as number);
  }
  for (let pixel = 0; pixel < (weights?.length ?? 0); pixel++) {
    planes[2 * pixels + pixel] = byteOfWeight(weights?.[pixel] as number);
  }
  return planes;
}

/** Returns the plane of a layer; null where the planes do not have it, as a run without a reweighter has no weights. */
export function planeOf(
  planes: Uint8Array,
  { layer, width, height }: Size & { readonly layer: LayerName },
): Uint8Array | null {
  const pixels = width * height;
  const start = layerNames.indexOf(layer) * pixels;
  return start + pixels <= planes.length ? planes.subarray(start, start + pixels) : null;
}
