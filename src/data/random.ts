/**
 * Draws random numbers as a pure function of (seed, stream), so that a sample is augmented the same whichever worker handles
 * it, and a resumed run draws exactly what the unbroken one would have drawn.
 *
 * The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): ten rounds of a
 * keyed bijection over a 128-bit counter. The seed is the key; the counter is (draw, stream[0..2]).
 */

const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;

type FourWords = [number, number, number, number];

/** Returns Philox4x32-10 of a counter of four and a key of two unsigned 32-bit words. */
export function philox(counter: Readonly<FourWords>, key: readonly [number, number]): FourWords {
  let [a, b, c, d] = counter;
  let [key0, key1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(multiplier0, a);
    const low0 = Math.imul(multiplier0, a) >>> 0;
    const high1 = multiplyHigh(multiplier1, c);
    const low1 = Math.imul(multiplier1, c) >>> 0;
    a = (high1 ^ b ^ key0) >>> 0;
    b = low1;
    c = (high0 ^ d ^ key1) >>> 0;
    d = low0;
    key0 = (key0 + weyl0) >>> 0;
    key1 = (key1 + weyl1) >>> 0;
  }
  return [a, b, c, d];
}

/** Draws a sequence that a seed and up to three stream numbers identify, such as (purpose, epoch, sample). */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #stream: readonly [number, number, number];
  #block: FourWords = [0, 0, 0, 0];
  #draws = 0;

  /** Takes non-negative integers: a seed of up to 53 bits and stream numbers of up to 32 bits. */
  constructor(seed: number, stream: readonly [number, number?, number?]) {
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    this.#stream = [stream[0] >>> 0, (stream[1] ?? 0) >>> 0, (stream[2] ?? 0) >>> 0];
  }

  /** Returns an integer in [0, 2^32). */
  uint32(): number {
    const place = this.#draws & 3;
    if (place === 0) this.#block = philox([this.#draws >>> 2, ...this.#stream], this.#key);
    this.#draws++;
    return this.#block[place] as number;
  }

  /** Returns a number in [low, high) with 32 random bits. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 2 ** 32);
  }

  /** Returns an unbiased integer in [0, count): draws beyond the last whole multiple of `count` are repeated. */
  integer(count: number): number {
    const limit = 2 ** 32 - (2 ** 32 % count);
    let draw = this.uint32();
    while (draw >= limit) draw = this.uint32();
    return draw % count;
  }

  /** Returns true with this probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Returns a number of the standard normal distribution (Box-Muller, one of the pair). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Returns a permutation of 0 … count − 1 (Fisher-Yates). */
  permutation(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const swapped = order[last] as number;
      order[last] = order[other] as number;
      order[other] = swapped;
    }
    return order;
  }
}

/** Returns the upper 32 bits of a 32×32-bit product, from 16-bit halves so that every sum stays below 2^53. */
function multiplyHigh(x: number, y: number): number {
  const xHigh = x >>> 16;
  const xLow = x & 0xffff;
  const yHigh = y >>> 16;
  const yLow = y & 0xffff;
  const middle = xHigh * yLow + ((xLow * yLow) >>> 16);
  const carry = xLow * yHigh + (middle & 0xffff);
  return (xHigh * yHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}
