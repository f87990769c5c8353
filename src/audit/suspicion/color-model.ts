/**
 * Learns from the labels of one image how its classes look: a Gaussian over the colors of each. The few wrong labels hardly
 * move it, so that it denies those whose pixels look like another class of the same image.
 */

import { ignoreIndex } from '../../data/index.js';
import type { DrawnRegions } from './drawn-regions.js';
import type { ImageColors } from './image-colors.js';

/** Counts the pixels that a class needs for a Gaussian of its own. */
const leastPixels = 30;
/** Is the share of a class's own covariance; the rest is the mean of all classes. */
const ownShare = 0.9;
/** Counts the pixels that the mean covariance counts for in that of a class. */
const priorPixels = 50;
/** Is added to the variances, of standardized colors, so that an area of one color is no certainty. */
const leastVariance = 0.01;
/** Is the power of the shares of classes: between all alike, and as they are labeled. */
const priorPower = 0.5;
/** Is the share of labeled pixels that a class without a Gaussian of its own is given, over the colors of all classes. */
const absentShare = 0.001;
/** Bounds how much a color can speak against a class, as a logarithm. */
const lowest = -16;

interface Gaussian {
  readonly mean: Float64Array;
  /** Holds the inverse of the covariance's Cholesky factor, row by row: 1, 2, 3, … numbers. */
  readonly whitening: Float64Array;
  /** Is the logarithm of the density at the mean and of the class's share, but for a number that all have. */
  readonly offset: number;
}

/** Says how well the color of a pixel fits each class of an image. */
export class ColorModel {
  readonly #colors: ImageColors;
  readonly #regions: DrawnRegions;
  readonly #center: Float64Array;
  readonly #scale: Float64Array;
  /** Holds the Gaussian of each class; that of all labeled pixels for classes that the image hardly has. */
  readonly #gaussians: readonly Gaussian[];
  /** Holds for each region the Gaussian of its class without it. */
  readonly #others: readonly Gaussian[];
  readonly #standardized: Float64Array;
  readonly #own: Float64Array;

  /** Learns from the labeled pixels of an image. */
  constructor(
    colors: ImageColors,
    {
      labels,
      classCount,
      regions,
    }: { readonly labels: Uint8Array; readonly classCount: number; readonly regions: DrawnRegions },
  ) {
    const { count } = colors;
    this.#colors = colors;
    this.#regions = regions;
    this.#standardized = new Float64Array(count);
    this.#own = new Float64Array(classCount);
    const all = new Moments(count);
    for (const [pixel, label] of labels.entries())
      if (label !== ignoreIndex) all.add(colors.values, pixel * count);
    this.#center = all.mean;
    this.#scale = Float64Array.from({ length: count }, (_, place) => {
      const variance = all.covariance[place * (count + 1)] as number;
      return 1 / (Math.sqrt(Math.max(variance, 0)) + 1e-3);
    });
    const ofClasses = Array.from({ length: classCount }, () => new Moments(count));
    const ofRegions = Array.from({ length: regions.count }, () => new Moments(count));
    for (const [pixel, label] of labels.entries()) {
      if (label === ignoreIndex) continue;
      const color = this.#standardize(pixel);
      ofClasses[label]?.add(color, 0);
      ofRegions[regions.ids[pixel] as number]?.add(color, 0);
    }
    const known = ofClasses.filter(({ pixels }) => pixels >= leastPixels);
    const total = known.reduce((sum, { pixels }) => sum + pixels, 0);
    const shared = meanCovariance(known, { size: count, total });
    const absent = this.#broad(all);
    const learn = (own: Moments) =>
      own.pixels < leastPixels ? absent : classGaussian(own, { shared, total });
    this.#gaussians = ofClasses.map(learn);
    this.#others = ofRegions.map((own, region) =>
      learn((ofClasses[regions.labels[region] as number] as Moments).without(own)),
    );
  }

  /**
   * Writes how well the color of a pixel fits each class: the logarithm of the probability of the class by the color alone, at
   * least −16.
   *
   * @param options.share the weight of what is said when the given class is learned without the pixel's own region, from 0 to 1
   */
  evidence(
    pixel: number,
    { share, result }: { readonly share: number; readonly result: Float64Array },
  ): void {
    const color = this.#standardize(pixel);
    for (const [index, gaussian] of this.#gaussians.entries()) this.#own[index] = logDensity(gaussian, color);
    const shift = logSum(this.#own);
    for (const [index, value] of this.#own.entries()) result[index] = Math.max(lowest, value - shift);
    const region = this.#regions.ids[pixel] as number;
    const other = this.#others[region];
    if (other === undefined) return;
    this.#own[this.#regions.labels[region] as number] = logDensity(other, color);
    const otherShift = logSum(this.#own);
    for (const [index, value] of this.#own.entries())
      result[index] = (1 - share) * (result[index] as number) + share * Math.max(lowest, value - otherShift);
  }

  #broad({ size, covariance }: Moments): Gaussian {
    const standardized = covariance.map((value, cell) => {
      const [row, column] = [Math.floor(cell / size), cell % size];
      const floor = row === column ? leastVariance : 0;
      return value * (this.#scale[row] as number) * (this.#scale[column] as number) + floor;
    });
    return gaussianOf(new Float64Array(size), { covariance: standardized, share: absentShare });
  }

  #standardize(pixel: number): Float64Array {
    const { values, count } = this.#colors;
    for (let place = 0; place < count; place++) {
      const difference = (values[pixel * count + place] as number) - (this.#center[place] as number);
      this.#standardized[place] = difference * (this.#scale[place] as number);
    }
    return this.#standardized;
  }
}

/** Adds up vectors to their mean and covariance. */
class Moments {
  readonly size: number;
  pixels = 0;
  readonly #sum: Float64Array;
  readonly #products: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.#sum = new Float64Array(size);
    this.#products = new Float64Array(size * size);
  }

  /** Adds the vector that begins at a place of an array. */
  add(values: Float32Array | Float64Array, start: number): void {
    const { size } = this;
    this.pixels++;
    for (let row = 0; row < size; row++) {
      const value = values[start + row] as number;
      this.#sum[row] = (this.#sum[row] as number) + value;
      for (let column = 0; column <= row; column++) {
        const cell = row * size + column;
        this.#products[cell] = (this.#products[cell] as number) + value * (values[start + column] as number);
      }
    }
  }

  /** Returns the sums without some of the vectors. */
  without(some: Moments): Moments {
    const rest = new Moments(this.size);
    rest.pixels = this.pixels - some.pixels;
    for (const [place, sum] of this.#sum.entries()) rest.#sum[place] = sum - (some.#sum[place] as number);
    for (const [cell, sum] of this.#products.entries())
      rest.#products[cell] = sum - (some.#products[cell] as number);
    return rest;
  }

  get mean(): Float64Array {
    return this.#sum.map((sum) => sum / Math.max(1, this.pixels));
  }

  /** Holds the covariance, whose upper half is 0. */
  get covariance(): Float64Array {
    const { size, mean } = this;
    return this.#products.map((sum, cell) => {
      const [row, column] = [Math.floor(cell / size), cell % size];
      if (column > row) return 0;
      return sum / Math.max(1, this.pixels) - (mean[row] as number) * (mean[column] as number);
    });
  }
}

/** Returns the mean covariance of classes by their pixels. */
function meanCovariance(
  known: readonly Moments[],
  { size, total }: { readonly size: number; readonly total: number },
): Float64Array {
  const shared = new Float64Array(size * size);
  for (const { covariance, pixels } of known)
    for (const [cell, value] of covariance.entries())
      shared[cell] = (shared[cell] as number) + (value * pixels) / total;
  return shared;
}

function classGaussian(
  { mean, covariance, pixels, size }: Moments,
  { shared, total }: { readonly shared: Float64Array; readonly total: number },
): Gaussian {
  const mixed = covariance.map((value, cell) => {
    const common = shared[cell] as number;
    const shrunk = (value * pixels + common * priorPixels) / (pixels + priorPixels);
    const floor = cell % (size + 1) === 0 ? leastVariance : 0;
    return ownShare * shrunk + (1 - ownShare) * common + floor;
  });
  return gaussianOf(mean, { covariance: mixed, share: pixels / total });
}

function gaussianOf(
  mean: Float64Array,
  { covariance, share }: { readonly covariance: Float64Array; readonly share: number },
): Gaussian {
  const { whitening, logDeterminant } = whiten(covariance, mean.length);
  return { mean, whitening, offset: priorPower * Math.log(share) - logDeterminant };
}

/** Returns the logarithm of the density of a color, with the class's share. */
function logDensity({ mean, whitening, offset }: Gaussian, color: Float64Array): number {
  let [distance, place] = [0, 0];
  for (let row = 0; row < mean.length; row++) {
    let sum = 0;
    for (let column = 0; column <= row; column++)
      sum += (whitening[place++] as number) * ((color[column] as number) - (mean[column] as number));
    distance += sum * sum;
  }
  return offset - distance / 2;
}

/** Returns the logarithm of the sum of exponentials. */
function logSum(values: Float64Array): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > highest) highest = value;
  let total = 0;
  for (const value of values) total += Math.exp(value - highest);
  return highest + Math.log(total);
}

/** Returns the inverse of the Cholesky factor of a covariance, and half the logarithm of its determinant. */
function whiten(
  covariance: Float64Array,
  size: number,
): { readonly whitening: Float64Array; readonly logDeterminant: number } {
  const at = (row: number, column: number) => (row * (row + 1)) / 2 + column;
  const factor = new Float64Array(at(size, 0));
  const inverse = new Float64Array(factor.length);
  let logDeterminant = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = covariance[row * size + column] as number;
      for (let inner = 0; inner < column; inner++)
        sum -= (factor[at(row, inner)] as number) * (factor[at(column, inner)] as number);
      factor[at(row, column)] =
        row === column ? Math.sqrt(sum) : sum / (factor[at(column, column)] as number);
    }
    const diagonal = factor[at(row, row)] as number;
    logDeterminant += Math.log(diagonal);
    inverse[at(row, row)] = 1 / diagonal;
    for (let column = 0; column < row; column++) {
      let sum = 0;
      for (let inner = column; inner < row; inner++)
        sum -= (factor[at(row, inner)] as number) * (inverse[at(inner, column)] as number);
      inverse[at(row, column)] = sum / diagonal;
    }
  }
  return { whitening: inverse, logDeterminant };
}
