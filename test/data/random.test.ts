/** Compares the generator with the published known answers of Random123, and tests its draws. */

import { RandomStream } from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { Sampler } from '#data/loader/sampler.js';
import { philox } from '#data/random.js';

const hexadecimal = (words: readonly number[]): string =>
  words.map((word) => word.toString(16).padStart(8, '0')).join(' ');

describe('philox', () => {
  // From kat_vectors of Random123: philox4x32 with 10 rounds.
  it.each([
    { counter: [0, 0, 0, 0], key: [0, 0], answer: '6627e8d5 e169c58d bc57ac4c 9b00dbd8' },
    {
      counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff],
      answer: '408f276d 41c83b0e a20bc7c6 6d5451fd',
    },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      answer: 'd16cfe09 94fdcceb 5001e420 24126ea1',
    },
  ] as const)('gives the known answer $answer', ({ counter, key, answer }) => {
    expect(hexadecimal(philox([...counter], key))).toBe(answer);
  });
});

describe('RandomStream', () => {
  const draws = (stream: RandomStream) => Array.from({ length: 9 }, () => stream.uint32());

  it('repeats itself for one seed and stream, and differs for another', () => {
    const first = draws(new RandomStream(7, [1, 2, 3]));
    expect(draws(new RandomStream(7, [1, 2, 3]))).toEqual(first);
    for (const other of [
      new RandomStream(8, [1, 2, 3]),
      new RandomStream(7 + 2 ** 32, [1, 2, 3]),
      new RandomStream(7, [1, 2, 4]),
      new RandomStream(7, [2, 1, 3]),
    ]) {
      expect(draws(other)).not.toEqual(first);
    }
  });

  it('draws evenly from a range', () => {
    const stream = new RandomStream(1, [0]);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let draw = 0; draw < 6000; draw++) {
      const face = stream.integer(6);
      counts[face] = (counts[face] as number) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    const values = Array.from({ length: 2000 }, () => stream.uniform(-32, 32));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-32);
    expect(Math.max(...values)).toBeLessThan(32);
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / 2000)).toBeLessThan(2);
  });

  it('has normal draws of mean 0 and deviation 1', () => {
    const stream = new RandomStream(2, [0]);
    const values = Array.from({ length: 4000 }, () => stream.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / 4000;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4000;
    expect(Math.abs(mean)).toBeLessThan(0.06);
    expect(Math.abs(variance - 1)).toBeLessThan(0.1);
  });
});

describe('Sampler', () => {
  it('shows every sample once in each pass, over the borders of batches', () => {
    const sampler = new Sampler({ length: 7, batchSize: 3, seed: 5 });
    const places = Array.from({ length: 7 }, (_, step) => sampler.batch(step)).flat();
    for (const epoch of [0, 1, 2]) {
      const pass = places.filter((place) => place.epoch === epoch).map(({ index }) => index);
      expect(pass.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    }
    expect(places.slice(0, 7)).not.toEqual(places.slice(7, 14).map((place) => ({ ...place, epoch: 0 })));
  });

  it('gives the batch of a step whatever was asked before', () => {
    const forward = new Sampler({ length: 5, batchSize: 4, seed: 9 });
    const batches = Array.from({ length: 12 }, (_, step) => forward.batch(step));
    const backward = new Sampler({ length: 5, batchSize: 4, seed: 9 });
    for (let step = 11; step >= 0; step--) expect(backward.batch(step)).toEqual(batches[step]);
    expect(new Sampler({ length: 5, batchSize: 4, seed: 10 }).batch(0)).not.toEqual(batches[0]);
  });

  it('fills a batch larger than the dataset with several passes', () => {
    const places = new Sampler({ length: 2, batchSize: 5, seed: 1 }).batch(0);
    expect(places.map(({ epoch }) => epoch)).toEqual([0, 0, 1, 1, 2]);
  });
});
