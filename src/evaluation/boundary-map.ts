/**
 * Finds where the classes of a label map meet. A boundary lies between two neighboring pixels (left, right, above, below)
 * of two classes; both are boundary pixels, each of its own class. Unlabeled pixels and the image's edge make no boundary.
 */

import { ignoreIndex } from '../data/index.js';

export interface MapSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Holds the boundary pixels of a map with a margin around it, so that a disc around any of them stays inside. A place is
 * an index into `classes`.
 */
export interface BoundaryMap {
  /** Holds the class at each boundary pixel and 255 elsewhere, (height + 2 · margin) × rowLength. */
  readonly classes: Uint8Array;
  /** Lists the places of the boundary pixels, top to bottom. */
  readonly places: readonly number[];
  readonly rowLength: number;
}

/**
 * Returns the boundary pixels of a map.
 * @param ids height × width class ids
 * @param options.labels a map whose 255s mark unlabeled pixels, whatever `ids` holds there; `ids` itself by default
 */
export function boundaryMap(
  ids: Uint8Array,
  options: { readonly size: MapSize; readonly margin: number; readonly labels?: Uint8Array },
): BoundaryMap {
  const { size, margin, labels = ids } = options;
  const { width, height } = size;
  const rowLength = width + 2 * margin;
  const classes = new Uint8Array(rowLength * (height + 2 * margin)).fill(ignoreIndex);
  const places: number[] = [];
  const differs = (pixel: number, neighbor: number) =>
    labels[neighbor] !== ignoreIndex && ids[neighbor] !== ids[pixel];
  for (let y = 0, pixel = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, pixel += 1) {
      if (labels[pixel] === ignoreIndex) continue;
      const onBoundary =
        (x > 0 && differs(pixel, pixel - 1)) ||
        (x + 1 < width && differs(pixel, pixel + 1)) ||
        (y > 0 && differs(pixel, pixel - width)) ||
        (y + 1 < height && differs(pixel, pixel + width));
      if (!onBoundary) continue;
      const place = (y + margin) * rowLength + x + margin;
      classes[place] = ids[pixel] as number;
      places.push(place);
    }
  }
  return { classes, places, rowLength };
}

/** Returns the index steps from a place to itself and all places at most √`square` pixels away, nearest first. */
export function discSteps(square: number, rowLength: number): Int32Array {
  const radius = Math.floor(Math.sqrt(square));
  const steps: { step: number; distance: number }[] = [];
  for (let y = -radius; y <= radius; y += 1) {
    for (let x = -radius; x <= radius; x += 1) {
      const distance = x * x + y * y;
      if (distance <= square) steps.push({ step: y * rowLength + x, distance });
    }
  }
  return Int32Array.from(
    steps.sort((one, other) => one.distance - other.distance),
    ({ step }) => step,
  );
}
