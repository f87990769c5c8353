/**
 * Measures features of a dataset on some of its images, and projects them: standardized, and then onto few random directions,
 * which nearly keep their distances (Johnson and Lindenstrauss 1984).
 */

import { ignoreIndex, RandomStream } from '../data/index.js';
import { scope, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import type { Evidence } from './evidence.js';
import type { FeatureReferences } from './knowledge.js';

/** Counts the directions onto which features are projected. */
const directions = 32;
/** Limits the labeled pixels of each class that an image gives, and those of all classes together. */
const referencesPerClass = 8;
const mostReferences = 1024;
/** Counts the pairs of references by which the typical distance is measured. */
const pairs = 4096;
/** Separates these draws from others of the same seed. */
const purpose = 0x73706163;

/** Collects features of images, and is then the space of all. */
export class FeatureSpace implements Disposable {
  readonly #random: RandomStream;
  readonly #rows: Tensor[] = [];
  readonly #sums: { sum: Tensor; squared: Tensor }[] = [];
  #count = 0;
  #projection: { readonly matrix: Tensor; readonly offset: Tensor } | null = null;

  constructor({ seed }: { readonly seed: number }) {
    this.#random = new RandomStream(seed, [purpose]);
  }

  /** Adds the features of an image, and labeled candidates of each class as references. */
  add({ stacked, labels }: Pick<Evidence, 'stacked' | 'labels'>): void {
    if (stacked === null) return;
    using work = scope();
    this.#count += labels.length;
    const wide = stacked.to({ dtype: 'float64' });
    this.#sums.push({ sum: work.keep(wide.sum(0)), squared: work.keep(wide.square().sum(0)) });
    const chosen = this.#labeledOf(labels);
    if (chosen.length > 0) this.#rows.push(work.keep(rowsAt(stacked, chosen)));
  }

  /** Ends the measurement, and returns the references in the space. */
  finish(): FeatureReferences {
    using work = scope();
    const [first] = this.#sums;
    if (first === undefined) throw new RangeError('a space of features of no image');
    const total = (of: 'sum' | 'squared') =>
      this.#sums
        .map((sums) => sums[of])
        .reduce((sum, other) => sum.add(other))
        .div(this.#count);
    const mean = total('sum');
    const deviation = total('squared').sub(mean.square()).clamp({ min: 0 }).sqrt();
    const channels = mean.numel;
    const drawn = Float32Array.from({ length: channels * directions }, () => this.#random.normal());
    const gaussian = tensorFrom(drawn, { dtype: 'float32', shape: [channels, directions] });
    // A channel that is the same everywhere tells nothing.
    const scale = deviation.reciprocal().where(deviation.gt(0), 0).to({ dtype: 'float32' });
    const matrix = gaussian.mul(scale.reshape([channels, 1])).div(Math.sqrt(directions));
    const offset = mean.to({ dtype: 'float32' }).reshape([1, channels]).matmul(matrix);
    this.#projection = { matrix: work.keep(matrix), offset: work.keep(offset) };
    const all = this.#rows.map((rows) => this.project(rows));
    const features = drawRows(joined(all), { random: this.#random, most: mostReferences });
    return { features, featureCount: directions, typicalDistance: typicalDistance(features, this.#random) };
  }

  /** Returns features [rows, channels] in the space: [rows, directions]. */
  project(stacked: Tensor): Float32Array {
    const projection = this.#projection;
    if (projection === null) throw new RangeError('a space of features that is not measured');
    return tidy(
      () => stacked.matmul(projection.matrix).sub(projection.offset).toTypedArray() as Float32Array,
    );
  }

  [Symbol.dispose](): void {
    for (const rows of this.#rows) rows.dispose();
    for (const { sum, squared } of this.#sums) for (const tensor of [sum, squared]) tensor.dispose();
    for (const tensor of Object.values(this.#projection ?? {})) tensor.dispose();
  }

  /** Draws a few labeled candidates of each class, so that rare classes are among the references. */
  #labeledOf(labels: Uint8Array): number[] {
    const taken = new Uint32Array(256);
    return [...this.#random.permutation(labels.length)].filter((candidate) => {
      const label = labels[candidate] as number;
      if (label === ignoreIndex || (taken[label] as number) >= referencesPerClass) return false;
      taken[label] = (taken[label] as number) + 1;
      return true;
    });
  }
}

function rowsAt(stacked: Tensor, rows: readonly number[]): Tensor {
  return tidy(() => {
    const index = tensorFrom(BigInt64Array.from(rows, BigInt), { dtype: 'int64', shape: [rows.length] });
    return stacked.indexSelect(0, index);
  });
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
}

function drawRows(
  features: Float32Array,
  { random, most }: { readonly random: RandomStream; readonly most: number },
): Float32Array {
  const order = random.permutation(features.length / directions).subarray(0, most);
  return joined([...order].map((row) => features.subarray(row * directions, (row + 1) * directions)));
}

/** Returns the mean distance of random pairs; 1 where there are no two different rows. */
function typicalDistance(features: Float32Array, random: RandomStream): number {
  const count = features.length / directions;
  if (count < 2) return 1;
  let sum = 0;
  for (let pair = 0; pair < pairs; pair++) {
    const [one, other] = [random.integer(count), random.integer(count)];
    let square = 0;
    for (let index = 0; index < directions; index++) {
      const difference =
        (features[one * directions + index] as number) - (features[other * directions + index] as number);
      square += difference ** 2;
    }
    sum += Math.sqrt(square);
  }
  return sum > 0 ? sum / pairs : 1;
}
