/**
 * Finds where the classes of a dataset are: for each class the centers of its pixels in every tile of every label map, as in
 * NVIDIA's uniform sampling (Zhu et al., "Improving semantic segmentation via video propagation and label relaxation", CVPR
 * 2019). A crop that holds such a center mostly shows the class.
 */

import type { Size } from '../images/size.js';

/** Holds the centers of one class, a sample each. */
export interface ClassCentroids {
  /** Gives the sample of each center. */
  readonly samples: Uint32Array;
  /** Gives the places of the centers as fractions of the image's width and height, x and y in turn. */
  readonly places: Float32Array;
}

/** Holds the centers of one label map: class, x and y in turn. */
export type MapCentroids = Float32Array;

/**
 * Returns the centers of all classes in each tile of a label map [height, width], row by row and by class. Tiles begin at
 * the upper left corner; those at the right and lower edge may be smaller. Labels of `classCount` and above count as
 * ignored.
 */
export function mapCentroids(
  labels: Uint8Array,
  { size, tile, classCount }: { readonly size: Size; readonly tile: Size; readonly classCount: number },
): MapCentroids {
  const { width, height } = size;
  const found: number[] = [];
  const [counts, sumsX, sumsY] = [new Float64Array(256), new Float64Array(256), new Float64Array(256)];
  for (let top = 0; top < height; top += tile.height) {
    for (let left = 0; left < width; left += tile.width) {
      for (const sums of [counts, sumsX, sumsY]) sums.fill(0);
      const [bottom, right] = [Math.min(top + tile.height, height), Math.min(left + tile.width, width)];
      for (let y = top; y < bottom; y++) {
        for (let x = left, at = y * width + left; x < right; x++, at++) {
          const label = labels[at] as number;
          counts[label] = (counts[label] as number) + 1;
          sumsX[label] = (sumsX[label] as number) + x;
          sumsY[label] = (sumsY[label] as number) + y;
        }
      }
      for (let label = 0; label < classCount; label++) {
        const count = counts[label] as number;
        if (count === 0) continue;
        // The center of pixel x lies at x + ½.
        found.push(label, ((sumsX[label] as number) / count + 0.5) / width);
        found.push(((sumsY[label] as number) / count + 0.5) / height);
      }
    }
  }
  return Float32Array.from(found);
}

/** Returns the centers by class, from those of each sample in the order of the samples. */
export function gatherCentroids(
  maps: readonly MapCentroids[],
  { classCount }: { readonly classCount: number },
): ClassCentroids[] {
  const samples: number[][] = Array.from({ length: classCount }, () => []);
  const places: number[][] = Array.from({ length: classCount }, () => []);
  for (const [sample, map] of maps.entries()) {
    for (let at = 0; at < map.length; at += 3) {
      const label = map[at] as number;
      samples[label]?.push(sample);
      places[label]?.push(map[at + 1] as number, map[at + 2] as number);
    }
  }
  return samples.map((some, label) => ({
    samples: Uint32Array.from(some),
    places: Float32Array.from(places[label] as number[]),
  }));
}
