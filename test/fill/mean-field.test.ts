/** Compares the mean field with a slow plain form of itself, and shows what it does on made-up images. */

import { completeLabels, type LabelGrid, meanFieldDefaults } from 'coarsely/fill';
import { expect, test } from 'vitest';

const [width, height, classCount] = [9, 7, 3];

/** Returns numbers in [0, 1) that look random. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function randomGrid(seed: number): LabelGrid {
  const random = noise(seed);
  const cells = width * height;
  const likelihoods = Float32Array.from({ length: cells * classCount }, () => 0.05 + random());
  for (let start = 0; start < likelihoods.length; start += classCount) {
    const sum = likelihoods.subarray(start, start + classCount).reduce((a, b) => a + b, 0);
    for (let place = start; place < start + classCount; place++)
      likelihoods[place] = (likelihoods[place] as number) / sum;
  }
  const colors = Float32Array.from({ length: cells * 3 }, () => 0.1 * random());
  const labels = Uint8Array.from({ length: cells }, () => (random() < 0.2 ? Math.floor(3 * random()) : 255));
  return { width, height, classCount, likelihoods, colors, labels };
}

/** Computes the same cell by cell, from the formula: log Q = evidence + strength · mean of the neighbors' Q by similarity. */
function plainForm(grid: LabelGrid, options: typeof meanFieldDefaults): number[][] {
  const { likelihoods, colors, labels } = grid;
  const evidence = Array.from(labels, (label, cell) =>
    Array.from(
      { length: classCount },
      (_, kind) => Math.log(likelihoods[cell * classCount + kind] as number) + (label === kind ? 8 : 0),
    ),
  );
  const softmax = (values: number[]) => {
    const sum = values.reduce((total, value) => total + Math.exp(value), 0);
    return values.map((value) => Math.exp(value) / sum);
  };
  let beliefs = evidence.map(softmax);
  for (let iteration = 0; iteration < options.iterations; iteration++) {
    beliefs = beliefs.map((_, cell) => {
      const sums = [0, 0, 0];
      let total = 0;
      for (const dilation of options.dilations) {
        for (let row = -options.radius; row <= options.radius; row++) {
          for (let column = -options.radius; column <= options.radius; column++) {
            const [x, y] = [(cell % width) + column * dilation, Math.floor(cell / width) + row * dilation];
            if ((row === 0 && column === 0) || x < 0 || y < 0 || x >= width || y >= height) continue;
            const other = y * width + x;
            const distance = [0, 1, 2].reduce(
              (sum, channel) =>
                sum + ((colors[3 * cell + channel] as number) - (colors[3 * other + channel] as number)) ** 2,
              0,
            );
            const weight = Math.exp(
              -(row ** 2 + column ** 2) / (2 * (0.7 * options.radius) ** 2) -
                distance / (2 * options.colorRange ** 2),
            );
            total += weight;
            for (const [kind, belief] of (beliefs[other] as number[]).entries())
              sums[kind] = (sums[kind] as number) + weight * belief;
          }
        }
      }
      return softmax(
        (evidence[cell] as number[]).map(
          (value, kind) => value + (options.strength * (sums[kind] as number)) / Math.max(total, 1e-6),
        ),
      );
    });
  }
  return beliefs;
}

test.each([1, 2, 3])('the updates equal those of the formula, image %i', (seed) => {
  const grid = randomGrid(seed);
  const options = { ...meanFieldDefaults, strength: 3, radius: 2 };
  const found = completeLabels(grid, options);
  const expected = plainForm(grid, options).flat();
  for (const [place, value] of found.entries()) expect(value).toBeCloseTo(expected[place] as number, 4);
});

test('labels spread over a region of one color and end at its edge', () => {
  // The left five columns are dark, the others bright; the network knows nothing, and one cell of each side is labeled.
  const cells = width * height;
  const isLeft = (cell: number) => cell % width < 5;
  const labels = new Uint8Array(cells).fill(255);
  labels[3 * width + 1] = 0;
  labels[3 * width + 7] = 2;
  const beliefs = completeLabels(
    {
      ...{ width, height, classCount, labels },
      likelihoods: new Float32Array(cells * classCount).fill(1 / classCount),
      colors: Float32Array.from({ length: 3 * cells }, (_, place) =>
        isLeft(Math.floor(place / 3)) ? 0.2 : 0.8,
      ),
    },
    { iterations: 20 },
  );
  for (let cell = 0; cell < cells; cell++) {
    const own = [...beliefs.subarray(cell * classCount, (cell + 1) * classCount)];
    expect(own.indexOf(Math.max(...own))).toBe(isLeft(cell) ? 0 : 2);
  }
});

test('a labeled cell keeps its class against a network that is sure of another', () => {
  const beliefs = completeLabels({
    ...{ width: 1, height: 1, classCount: 2 },
    likelihoods: Float32Array.of(0.9, 0.1),
    colors: new Float32Array(3),
    labels: Uint8Array.of(1),
  });
  expect(beliefs[1]).toBeGreaterThan(0.99);
});

test('arrays of another size are refused', () => {
  const grid = randomGrid(1);
  expect(() => completeLabels({ ...grid, labels: new Uint8Array(3) })).toThrow(
    'expected 63 labels, 189 likelihoods and colors of as many cells, received 3, 189 and 189',
  );
});
