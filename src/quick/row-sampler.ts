/**
 * Draws rows at random, as a function of seed and step alone: over all labeled rows, or by class. Every process draws the
 * whole batch and takes its part, so that the number of processes changes no draw.
 */

import type { QuickSection } from '../config/internal.js';
import { ignoreIndex, RandomStream, type Share } from '../data/index.js';
import { wholeShare } from '../data/internal.js';
import { DataError } from '../errors/index.js';
import { classCounts, type FeatureRows } from './feature-rows.js';

/** Configures a `RowSampler`. */
export interface RowSamplerOptions {
  readonly seed: number;
  /** Counts the rows of a batch over all processes. */
  readonly count: number;
  readonly classBalance?: QuickSection['classBalance'];
  /** Separates the draws of several samplers of one seed. */
  readonly stream?: number;
  readonly share?: Share;
}

/** Describes the rows of a class. */
interface ClassRows {
  /** Gives the share of the draws of this class and those before it. */
  readonly until: number;
  /** Gives the place of the first row among the rows by class. */
  readonly start: number;
  readonly count: number;
}

/** Gives the exponent on a class's number of rows to which its draws are proportional. */
const exponents = { none: 1, sqrt: 0.5, balanced: 0 } as const;

/** Separates these draws from others of the same seed. */
const purpose = 0x71756963;

export class RowSampler {
  readonly #options: Required<RowSamplerOptions>;
  /** Holds the labeled rows by class. */
  readonly #rows: Uint32Array;
  readonly #classes: readonly ClassRows[];

  /** @throws {DataError} when no row has a label */
  constructor(
    table: Pick<FeatureRows, 'labels'>,
    { classBalance = 'none', stream = 0, share = wholeShare, ...given }: RowSamplerOptions,
  ) {
    this.#options = { classBalance, stream, share, ...given };
    const counts = classCounts(table);
    const labeled = counts.reduce((sum, count) => sum + count, 0);
    if (labeled === 0) {
      throw new DataError(
        'no pixel is labeled in what the head is to learn from; expected labels of at least one class',
      );
    }
    const starts = new Uint32Array(counts.length);
    for (let label = 1; label < counts.length; label++) {
      starts[label] = (starts[label - 1] as number) + (counts[label - 1] as number);
    }
    this.#rows = sortedByClass(table.labels, { starts, length: labeled });
    const weights = counts.map((count) => (count === 0 ? 0 : count ** exponents[classBalance]));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let until = 0;
    this.#classes = [...counts].flatMap((count, label) => {
      until += (weights[label] as number) / total;
      return count === 0 ? [] : [{ until, start: starts[label] as number, count }];
    });
  }

  /** Returns this process's rows of the batch of a step. */
  draw(step: number): Uint32Array {
    const { count, seed, stream, share } = this.#options;
    const random = fastRandom(new RandomStream(seed, [purpose, stream, step]));
    const drawn = new Uint32Array(count);
    const last = this.#classes.length - 1;
    for (let place = 0; place < count; place++) {
      const chance = random();
      let index = 0;
      while (index < last && chance >= (this.#classes[index] as ClassRows).until) index++;
      const chosen = this.#classes[index] as ClassRows;
      drawn[place] = this.#rows[chosen.start + Math.floor(random() * chosen.count)] as number;
    }
    const own = count / share.worldSize;
    return drawn.subarray(share.rank * own, (share.rank + 1) * own);
  }
}

/** Returns the labeled rows ordered by class, and within a class by place. */
function sortedByClass(
  labels: Uint8Array,
  { starts, length }: { readonly starts: Uint32Array; readonly length: number },
): Uint32Array {
  const next = starts.slice();
  const rows = new Uint32Array(length);
  for (const [row, label] of labels.entries()) {
    if (label === ignoreIndex) continue;
    const place = next[label] as number;
    rows[place] = row;
    next[label] = place + 1;
  }
  return rows;
}

/**
 * Returns numbers in [0, 1) with 53 random bits by xoshiro128** (Blackman and Vigna 2018), seeded by four draws of the
 * stream: a batch needs tens of thousands, and the stream itself would take longer than the step.
 */
function fastRandom(stream: RandomStream): () => number {
  let [a, b, c, d] = [stream.uint32() | 1, stream.uint32(), stream.uint32(), stream.uint32()];
  const next = () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
  return () => ((next() >>> 6) * 2 ** 27 + (next() >>> 5)) / 2 ** 53;
}
