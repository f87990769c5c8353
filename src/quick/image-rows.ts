/** Makes the rows of an image: chosen labeled pixels with the features there. */

import {
  deformLabels,
  type LabelDeformation,
  type LabelMap,
  RandomStream,
  type Size,
} from '../data/index.js';
import { spatialSize } from '../nn/internal.js';
import type { Tensor } from '../torch/index.js';
import { type ChosenPixels, choosePixels } from './choose-pixels.js';
import type { FeatureView } from './feature-view.js';
import { gatherFeatures } from './gather-features.js';

/** Holds rows of an image in a view. */
export interface ImageRows {
  /** Holds the features, float16 [rows, features of a row]. */
  readonly features: Tensor;
  /** Holds the class of each row. */
  readonly labels: Uint8Array;
  /** Holds x and y of each row as fractions of the image's width and height, in the image as it is stored. */
  readonly places: Float32Array;
  /** Says for how many labeled pixels of the image each row stands. */
  readonly multiplicities: Float32Array;
}

/** Says which pixels become rows, and where their features are read. */
export interface RowChoice {
  readonly seed: number;
  /** Limits the rows of an image in a view. */
  readonly rowsPerView: number;
  /** Prefers rare classes, between 0 (as often as they are labeled) and 1 (each class alike). */
  readonly rareClasses: number;
  /**
   * Reads features at the labeled pixel itself (`pixels`), or at the center of the stride-4 cell around it (`cells`), where
   * a head computes its logits.
   */
  readonly placement: 'pixels' | 'cells';
  /** Counts the cells in each direction that a row holds, an odd number; more than 1 are always read at cells. */
  readonly patchSize: number;
  /** Moves the labels of each image and view before pixels are chosen; null or absent leaves them where they are. */
  readonly deformation?: LabelDeformation | null;
}

/** Separates these draws from others of the same seed. */
const purpose = 0x66656174;
const deformationPurpose = 0x6d6f7665;

/** Chooses labeled pixels of an image for a view; a function of seed, image and view. */
export function chooseImagePixels(
  { width, height, labels }: LabelMap,
  {
    choice,
    imageIndex,
    viewIndex,
  }: { readonly choice: RowChoice; readonly imageIndex: number; readonly viewIndex: number },
): ChosenPixels {
  const { seed, rowsPerView: count, rareClasses, deformation = null } = choice;
  const random = new RandomStream(seed, [purpose, imageIndex, viewIndex]);
  if (deformation === null) return choosePixels(labels, { count, random, rareClasses });
  const moved = labels.slice();
  const ofPlaces = new RandomStream(seed, [deformationPurpose, imageIndex, viewIndex]);
  deformLabels(moved, { width, height, deformation, random: ofPlaces });
  return choosePixels(moved, { count, random, rareClasses });
}

/**
 * Returns the rows of chosen pixels.
 *
 * @param maps the features of the image in the view, float16 [1, channels, h, w] each
 * @returns rows whose features belong to the caller's scope
 */
export function rowsOfImage(
  maps: readonly Tensor[],
  {
    chosen: { pixels, labels, multiplicities },
    size,
    view,
    choice,
  }: {
    readonly chosen: ChosenPixels;
    readonly size: Size;
    readonly view: FeatureView;
    readonly choice: RowChoice;
  },
): ImageRows {
  const { width, height } = size;
  const places = new Float32Array(2 * pixels.length);
  const points = new Float32Array(2 * pixels.length);
  for (const [row, pixel] of pixels.entries()) {
    const x = (pixel % width) + 0.5;
    const y = Math.floor(pixel / width) + 0.5;
    places[2 * row] = x / width;
    places[2 * row + 1] = y / height;
    points[2 * row] = view.mirrored ? width - x : x;
    points[2 * row + 1] = y;
  }
  const { patchSize, placement } = choice;
  const read =
    patchSize > 1 || placement === 'cells' ? cellPoints(points, { maps, size, patchSize }) : points;
  const features = gatherFeatures(maps, { points: read, size: [height, width] });
  const rowLength = (features.shape[1] as number) * patchSize ** 2;
  return { features: features.reshape([pixels.length, rowLength]), labels, places, multiplicities };
}

/** Returns the centers of the cells of the finest map around points, row by row of each patch. */
function cellPoints(
  points: Float32Array,
  {
    maps,
    size,
    patchSize,
  }: { readonly maps: readonly Tensor[]; readonly size: Size; readonly patchSize: number },
): Float32Array {
  const sizes = maps.map(spatialSize);
  const cellHeight = size.height / Math.max(...sizes.map(([height]) => height));
  const cellWidth = size.width / Math.max(...sizes.map(([, width]) => width));
  const reach = (patchSize - 1) / 2;
  const cells = new Float32Array(points.length * patchSize ** 2);
  let length = 0;
  for (let point = 0; point < points.length; point += 2) {
    const column = Math.floor((points[point] as number) / cellWidth);
    const row = Math.floor((points[point + 1] as number) / cellHeight);
    for (let down = -reach; down <= reach; down++) {
      for (let across = -reach; across <= reach; across++) {
        cells[length++] = (column + across + 0.5) * cellWidth;
        cells[length++] = (row + down + 0.5) * cellHeight;
      }
    }
  }
  return cells;
}
