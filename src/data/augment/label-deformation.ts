/**
 * Moves the labels of a sample a little and leaves its image as it is (NSegment, Kim et al. 2025): each label comes from a
 * place that a smooth random field displaces, so that a border drawn by hand is learned as a band of places and not as one
 * line that is wrong everywhere in the same way.
 *
 * The field is a cubic B-spline over random control points. Its weights are not negative and sum to 1, so that no
 * displacement is larger than the largest control point.
 */

import { z } from 'zod';
import type { Size } from '../images/size.js';
import type { RandomStream } from '../random.js';

/** Validates the settings of the deformation of labels. */
export const labelDeformationOptions = z.strictObject({
  amplitude: z
    .number()
    .positive()
    .max(256)
    .default(8)
    .describe('Largest displacement in each direction, in pixels; a typical one is a quarter of it.'),
  scale: z
    .number()
    .min(1)
    .default(16)
    .describe('Distance in pixels over which the displacement changes; smaller values give wavier borders.'),
  probability: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Probability that the labels of a sample move.'),
});

/** Configures the deformation of labels; `labelDeformationOptions` describes each setting. */
export type LabelDeformation = Readonly<z.infer<typeof labelDeformationOptions>>;

/** Configures `deformLabels`. */
export interface DeformLabelsOptions extends Size {
  readonly deformation: LabelDeformation;
  readonly random: RandomStream;
  /** Counts the labels of a row in memory; `width` by default. */
  readonly stride?: number;
}

/**
 * Moves the labels of a map, in place: each becomes the label at a displaced place of the map, and 255 moves like any other.
 * A place beyond an edge counts as the nearest one inside.
 *
 * @param labels labels [height, stride], of which the first `width` of each row are the map
 * @returns whether the labels were moved, which `probability` decides
 */
export function deformLabels(
  labels: Uint8Array,
  { width, height, deformation, random, stride = width }: DeformLabelsOptions,
): boolean {
  if (!random.chance(deformation.probability)) return false;
  const horizontal = new SmoothField({ width, height }, { ...deformation, random });
  const vertical = new SmoothField({ width, height }, { ...deformation, random });
  const before = labels.slice();
  const [across, down] = [new Float64Array(width), new Float64Array(width)];
  for (let y = 0; y < height; y++) {
    horizontal.readRow(y, across);
    vertical.readRow(y, down);
    for (let x = 0; x < width; x++) {
      const fromX = inside(Math.round(x + (across[x] as number)), width);
      const fromY = inside(Math.round(y + (down[x] as number)), height);
      labels[y * stride + x] = before[fromY * stride + fromX] as number;
    }
  }
  return true;
}

function inside(place: number, length: number): number {
  return Math.min(Math.max(place, 0), length - 1);
}

/** Counts the control points that a place lies between along one axis. */
const supports = 4;

/** Gives smooth random numbers between −amplitude and amplitude over a map, row by row. */
class SmoothField {
  readonly #scale: number;
  readonly #columns: number;
  readonly #controls: Float64Array;
  /** Holds the weights of four control points for each column of the map. */
  readonly #weights: Float64Array;
  readonly #blended: Float64Array;

  constructor(
    { width, height }: Size,
    {
      amplitude,
      scale,
      random,
    }: Pick<LabelDeformation, 'amplitude' | 'scale'> & { readonly random: RandomStream },
  ) {
    this.#scale = scale;
    this.#columns = Math.floor((width - 1) / scale) + supports;
    const rows = Math.floor((height - 1) / scale) + supports;
    this.#controls = Float64Array.from({ length: rows * this.#columns }, () =>
      random.uniform(-amplitude, amplitude),
    );
    this.#weights = new Float64Array(supports * width);
    for (let x = 0; x < width; x++) this.#weights.set(splineWeights((x / scale) % 1), supports * x);
    this.#blended = new Float64Array(this.#columns);
  }

  /** Writes the numbers of a row of the map. */
  readRow(y: number, values: Float64Array): void {
    const columns = this.#columns;
    const controls = this.#controls;
    const blended = this.#blended;
    const first = Math.floor(y / this.#scale) * columns;
    const [w0, w1, w2, w3] = splineWeights((y / this.#scale) % 1);
    for (let column = 0; column < columns; column++) {
      const at = first + column;
      blended[column] =
        w0 * (controls[at] as number) +
        w1 * (controls[at + columns] as number) +
        w2 * (controls[at + 2 * columns] as number) +
        w3 * (controls[at + 3 * columns] as number);
    }
    const weights = this.#weights;
    for (let x = 0; x < values.length; x++) {
      const column = Math.floor(x / this.#scale);
      const at = supports * x;
      values[x] =
        (weights[at] as number) * (blended[column] as number) +
        (weights[at + 1] as number) * (blended[column + 1] as number) +
        (weights[at + 2] as number) * (blended[column + 2] as number) +
        (weights[at + 3] as number) * (blended[column + 3] as number);
    }
  }
}

/** Returns the weights of the four control points around a place that lies at `fraction` between the inner two. */
function splineWeights(fraction: number): [number, number, number, number] {
  const rest = 1 - fraction;
  const first = rest ** 3 / 6;
  const last = fraction ** 3 / 6;
  const second = (3 * fraction ** 3 - 6 * fraction ** 2 + 4) / 6;
  return [first, second, 1 - first - second - last, last];
}
