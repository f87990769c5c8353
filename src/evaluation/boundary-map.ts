/**
 * Where the classes of a label map meet. A boundary lies between two neighboring pixels (left, right, above, below) of
 * two classes; both are boundary pixels, each of its own class. What is not labeled makes none: an unlabeled pixel is
 * no neighbor, and neither is the world beyond the image's edge.
 */
import { ignoreIndex } from '../data/index.js';

export interface MapSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Boundary pixels of a map, with a margin around it, so that a disc may be laid on each without looking for the edge.
 * A place is an index into `classes`.
 */
export interface BoundaryMap {
  /** (height + 2 · margin) × rowLength: its class at a boundary pixel, 255 everywhere else. */
  readonly classes: Uint8Array;
  /** The boundary pixels, top to bottom. */
  readonly places: readonly number[];
  readonly rowLength: number;
}

/**
 * @param ids height × width class ids
 * @param options.labels where these are 255, a pixel is not labeled, whatever `ids` says; default: `ids`
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

/** The steps from a place to every place at most √`square` pixels away, nearest first, its own included. */
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
