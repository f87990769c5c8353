/**
 * Computes mIoU in narrow bands around true boundaries, where coarse labels say least. Krähenbühl, Koltun: "Efficient
 * inference in fully connected CRFs", NeurIPS 2011; Chen et al.: "DeepLab", 2015. A labeled pixel is in the band of width d
 * when a boundary pixel of the labels is fewer than d pixels away, so that d pixels on either side of a straight boundary
 * are in it. An edge towards unlabeled pixels is not a boundary.
 */

import { ignoreIndex } from '../data/index.js';
import { boundaryMap, discSteps, type MapSize } from './boundary-map.js';
import { metricsFrom } from './metrics.js';

/** Lists the widths of the bands in pixels of the labels, ascending. */
export const trimapWidths = [1, 2, 4, 8, 16] as const;

/** Holds the mIoU of one band. */
export interface TrimapScore {
  /** Gives the width of the band on either side of a boundary, in pixels. */
  readonly width: number;
  /** Gives a fraction in [0, 1]; NaN when there is no boundary. */
  readonly mIoU: number;
}

const noBand = trimapWidths.length;

/** Counts pixels by band, true class and predicted class over any number of images, in 64-bit integers. */
export class TrimapCounts {
  readonly #classCount: number;
  /** Holds one confusion matrix for each band without the narrower bands inside it. */
  readonly #rings: readonly BigInt64Array[];

  constructor(classCount: number) {
    this.#classCount = classCount;
    this.#rings = trimapWidths.map(() => new BigInt64Array(classCount * classCount));
  }

  /**
   * Adds one image.
   *
   * @param prediction height × width class ids
   * @param labels height × width true class ids, 255 where unlabeled
   */
  update(prediction: Uint8Array, labels: Uint8Array, size: MapSize): void {
    const { width, height } = size;
    const cells = this.#classCount * this.#classCount;
    const counts = new Uint32Array(trimapWidths.length * cells);
    const { bands, rowLength, margin } = bandsOf(labels, size);
    for (let y = 0, pixel = 0; y < height; y += 1) {
      let place = (y + margin) * rowLength + margin;
      for (let x = 0; x < width; x += 1, pixel += 1, place += 1) {
        const band = bands[place] as number;
        const label = labels[pixel] as number;
        if (band === noBand || label === ignoreIndex) continue;
        const cell = band * cells + label * this.#classCount + (prediction[pixel] as number);
        counts[cell] = (counts[cell] as number) + 1;
      }
    }
    for (const [cell, count] of counts.entries()) {
      if (count === 0) continue;
      const ring = this.#rings[Math.floor(cell / cells)] as BigInt64Array;
      ring[cell % cells] = (ring[cell % cells] as bigint) + BigInt(count);
    }
  }

  /** Returns all counts as live arrays, in which the counts of several processes are summed. */
  counts(): readonly BigInt64Array[] {
    return this.#rings;
  }

  /** Returns the mIoU of every band over everything counted so far, narrowest first. */
  scores(): TrimapScore[] {
    const matrix = new BigInt64Array(this.#classCount * this.#classCount);
    return trimapWidths.map((width, band) => {
      for (const [cell, count] of (this.#rings[band] as BigInt64Array).entries()) {
        matrix[cell] = (matrix[cell] as bigint) + count;
      }
      return { width, mIoU: metricsFrom(matrix, this.#classCount).mIoU };
    });
  }
}

/** Returns the narrowest band of each pixel, or `noBand`, with the margin of `boundaryMap`. */
function bandsOf(
  labels: Uint8Array,
  size: MapSize,
): { bands: Uint8Array; rowLength: number; margin: number } {
  const margin = (trimapWidths.at(-1) as number) - 1;
  const { classes, places, rowLength } = boundaryMap(labels, { size, margin });
  const bands = new Uint8Array(classes.length).fill(noBand);
  // Bands are painted from the widest to the narrowest, each over the middle of the one before.
  for (let band = noBand - 1; band >= 0; band -= 1) {
    const steps = discSteps((trimapWidths[band] as number) ** 2 - 1, rowLength);
    for (const place of places) {
      for (const step of steps) bands[place + step] = band;
    }
  }
  return { bands, rowLength, margin };
}
