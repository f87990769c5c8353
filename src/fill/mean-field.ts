/**
 * Completes coarse labels from what a network predicts and from the colors of the image: neighbors of similar color tend to
 * have the same class, and pixels that a person labeled keep theirs. It is the mean field of a conditional random field with
 * Gaussian kernels over color and place (Krähenbühl and Koltun, NeurIPS 2011), over windows of neighbors instead of all pixels.
 */

import { ignoreIndex } from '../data/index.js';

/** Configures `completeLabels`. */
export interface MeanFieldOptions {
  /** Sets how much neighbors count against the network's own prediction. */
  readonly strength: number;
  /** Sets the difference of colors, as a share of their range, at which neighbors hardly influence each other. */
  readonly colorRange: number;
  /** Counts the updates. */
  readonly iterations: number;
  /** Sets how many cells a window reaches to each side. */
  readonly radius: number;
  /** Lists the distances between the neighbors of a window, in cells; each adds a window. */
  readonly dilations: readonly number[];
}

/** Holds the defaults, which were chosen on road scenes (docs/results/coarse-to-fine.md). */
export const meanFieldDefaults: MeanFieldOptions = {
  strength: 30,
  colorRange: 0.05,
  iterations: 6,
  radius: 3,
  dilations: [1, 3],
};

/** Holds a grid of cells of an image. */
export interface LabelGrid {
  readonly width: number;
  readonly height: number;
  readonly classCount: number;
  /** Holds likelihoods [height, width, classes]. */
  readonly likelihoods: Float32Array;
  /** Holds colors [height, width, channels] from 0 to 1. */
  readonly colors: Float32Array;
  /** Holds the class of each cell that a person labeled, and 255 elsewhere. */
  readonly labels: Uint8Array;
}

/** Sets the log-likelihood by which a labeled cell prefers its class. */
const labelEvidence = 8;

/**
 * Returns the likelihoods [height, width, classes] of all cells after the updates.
 *
 * @throws {RangeError} when an array has another size than the grid
 */
export function completeLabels(grid: LabelGrid, options: Partial<MeanFieldOptions> = {}): Float32Array {
  const { width, height, classCount, likelihoods, labels } = grid;
  expectSizes(grid);
  const { iterations, strength, ...windows } = { ...meanFieldDefaults, ...options };
  const evidence = Float32Array.from(likelihoods, (likelihood) => Math.log(Math.max(likelihood, 1e-12)));
  for (const [cell, label] of labels.entries()) {
    if (label === ignoreIndex) continue;
    const place = cell * classCount + label;
    evidence[place] = (evidence[place] as number) + labelEvidence;
  }
  const neighbors = neighborsOf(grid, windows);
  const total = new Float32Array(width * height);
  for (const { similarity } of neighbors)
    for (const [cell, weight] of similarity.entries()) total[cell] = (total[cell] as number) + weight;
  let beliefs = normalized(evidence, classCount);
  const message = new Float32Array(beliefs.length);
  for (let iteration = 0; iteration < iterations; iteration++) {
    message.fill(0);
    for (const neighbor of neighbors) addMessages(message, { neighbor, beliefs, grid });
    for (let cell = 0; cell < total.length; cell++) {
      const factor = strength / Math.max(total[cell] as number, 1e-6);
      for (let place = cell * classCount; place < (cell + 1) * classCount; place++)
        message[place] = (evidence[place] as number) + factor * (message[place] as number);
    }
    beliefs = normalized(message, classCount);
  }
  return beliefs;
}

interface Neighbor {
  readonly dx: number;
  readonly dy: number;
  /** Holds the weight of the neighbor for each cell; 0 where it lies outside of the image. */
  readonly similarity: Float32Array;
}

function neighborsOf(
  { width, height, colors }: LabelGrid,
  { radius, dilations, colorRange }: Pick<MeanFieldOptions, 'radius' | 'dilations' | 'colorRange'>,
): Neighbor[] {
  const channels = colors.length / (width * height);
  const spread = 0.7 * radius;
  const offsets = Array.from({ length: 2 * radius + 1 }, (_, place) => place - radius);
  return dilations.flatMap((dilation) =>
    offsets.flatMap((row) =>
      offsets.flatMap((column) => {
        if (row === 0 && column === 0) return [];
        const [dy, dx] = [row * dilation, column * dilation];
        const near = -(row * row + column * column) / (2 * spread * spread);
        const similarity = new Float32Array(width * height);
        for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
          for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++) {
            const cell = y * width + x;
            const other = (y + dy) * width + x + dx;
            let distance = 0;
            for (let channel = 0; channel < channels; channel++) {
              const difference =
                (colors[cell * channels + channel] as number) -
                (colors[other * channels + channel] as number);
              distance += difference * difference;
            }
            similarity[cell] = Math.exp(near - distance / (2 * colorRange * colorRange));
          }
        }
        return [{ dx, dy, similarity }];
      }),
    ),
  );
}

/** Adds to the message of each cell the beliefs of its neighbor, by similarity. */
function addMessages(
  message: Float32Array,
  {
    neighbor: { dx, dy, similarity },
    beliefs,
    grid: { width, height, classCount },
  }: { readonly neighbor: Neighbor; readonly beliefs: Float32Array; readonly grid: LabelGrid },
): void {
  for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
    for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++) {
      const cell = y * width + x;
      const weight = similarity[cell] as number;
      // Most pairs across an edge count for nothing.
      if (weight < 1e-4) continue;
      const to = cell * classCount;
      const from = ((y + dy) * width + x + dx) * classCount;
      for (let label = 0; label < classCount; label++)
        message[to + label] = (message[to + label] as number) + weight * (beliefs[from + label] as number);
    }
  }
}

/** Returns the softmax over the classes of each cell. */
function normalized(evidence: Float32Array, classCount: number): Float32Array {
  const result = new Float32Array(evidence.length);
  for (let start = 0; start < evidence.length; start += classCount) {
    let highest = Number.NEGATIVE_INFINITY;
    for (let place = start; place < start + classCount; place++)
      highest = Math.max(highest, evidence[place] as number);
    let sum = 0;
    for (let place = start; place < start + classCount; place++) {
      const value = Math.exp((evidence[place] as number) - highest);
      result[place] = value;
      sum += value;
    }
    for (let place = start; place < start + classCount; place++)
      result[place] = (result[place] as number) / sum;
  }
  return result;
}

function expectSizes({ width, height, classCount, likelihoods, colors, labels }: LabelGrid): void {
  const cells = width * height;
  const fits =
    labels.length === cells && likelihoods.length === cells * classCount && colors.length % cells === 0;
  if (fits) return;
  throw new RangeError(
    `completeLabels: expected ${cells} labels, ${cells * classCount} likelihoods and colors of as many cells, received ` +
      `${labels.length}, ${likelihoods.length} and ${colors.length}`,
  );
}
