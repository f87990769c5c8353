/** Compares the history of Active Bias with lists of numbers, through crops of any place, scale and mirroring. */
import { ActiveBias, type SampleOrigin } from 'coarsely/reweighting';
import { Generator, randn, scope, type Tensor, tensorFrom, zeros } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

const ignored = 255;
const whole = { left: 0, top: 0, right: 1, bottom: 1, mirrored: false };

/** Creates an input of two classes; `likelihood` is that of class 0, the label of all labeled pixels. */
function inputOf(likelihood: readonly (readonly number[])[], origins: readonly SampleOrigin[]) {
  const [height, width] = [likelihood.length / origins.length, likelihood[0]?.length ?? 0];
  const shape = [origins.length, height, width];
  const flat = likelihood.flat();
  const first = tensorFrom(
    flat.map((p) => (Number.isNaN(p) ? 0 : Math.log(p / (1 - p)))),
    { dtype: 'float32', shape: [origins.length, 1, height, width] },
  );
  const labels = BigInt64Array.from(flat, (p) => BigInt(Number.isNaN(p) ? ignored : 0));
  const labelsNHW = tensorFrom(labels, { dtype: 'int64', shape });
  const maps = zeros(shape, { dtype: 'float32' });
  const logitsNCHW = first.mul(tensorFrom([1, 0], { dtype: 'float32', shape: [1, 2, 1, 1] }));
  const validNHW = labelsNHW.ne(ignored);
  return { confidenceNHW: maps, lossesNHW: maps, validNHW, logitsNCHW, labelsNHW, origins };
}

const numbers = (tensor: Tensor) => Array.from(tensor.toTypedArray(), Number);

/** Returns s of Chang et al. from a list of predictions. */
function smoothedDeviation(history: readonly number[]): number {
  const mean = history.reduce((sum, value) => sum + value, 0) / history.length;
  const variance = history.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (history.length - 1);
  return Math.sqrt(variance + variance ** 2 / (history.length - 1));
}

test('pixels weigh the deviation of their history plus its mean; too short a history weighs the mean', () => {
  using _inner = scope();
  const reweighter = new ActiveBias({ datasetLength: 2, grid: [1, 4], minVisits: 2 });
  const origins = [{ index: 1, ...whole }];
  const visits = [
    [0.2, 0.5, Number.NaN, 0.9],
    [0.6, 0.5, 0.3, 0.8],
    [0.1, 0.5, 0.3, 0.7],
  ];
  for (const likelihood of visits) reweighter.weigh(inputOf([likelihood], origins));
  const history = [0, 1, 2, 3].map((x) => visits.map((row) => row[x] ?? 0).filter((p) => !Number.isNaN(p)));
  const deviations = history.map(smoothedDeviation);
  const mean = deviations.reduce((sum, deviation) => sum + deviation, 0) / 4;
  const weights = numbers(reweighter.weigh(inputOf([[0.5, 0.5, 0.5, 0.5]], origins)));
  for (const [x, weight] of weights.entries())
    expect(weight).toBeCloseTo(((deviations[x] ?? 0) + mean) / (8 * mean), 5);
  // The other image was never seen.
  const unseen = numbers(reweighter.weigh(inputOf([[0.5, 0.5, 0.5, 0.5]], [{ index: 0, ...whole }])));
  for (const weight of unseen) expect(weight).toBeCloseTo(0.25, 6);
  reweighter.dispose();
});

test('a cell seen too seldom weighs the mean of the others', () => {
  using _inner = scope();
  const reweighter = new ActiveBias({ datasetLength: 1, grid: [1, 3], minVisits: 3 });
  const origins = [{ index: 0, ...whole }];
  for (const row of [
    [0.2, 0.5, 0.4],
    [0.6, 0.1, 0.5],
    [0.1, 0.3, Number.NaN],
  ])
    reweighter.weigh(inputOf([row], origins));
  const [first = 0, second = 0, seldom = 0] = numbers(reweighter.weigh(inputOf([[0.5, 0.5, 0.5]], origins)));
  expect(seldom).toBeCloseTo((first + second) / 2, 6);
  expect(first).not.toBeCloseTo(second, 3);
  reweighter.dispose();
});

describe('places', () => {
  const grid = [4, 6] as const;
  const [rows, columns] = grid;

  /** Returns the cell that a pixel's center lies in, from the definition of an origin. */
  function cellOf(
    origin: SampleOrigin,
    { x, y, height, width }: Record<'x' | 'y' | 'height' | 'width', number>,
  ) {
    const { left, right, top, bottom, mirrored } = origin;
    const across = mirrored ? 1 - (x + 0.5) / width : (x + 0.5) / width;
    const column = Math.floor((left + across * (right - left)) * columns);
    const row = Math.floor((top + ((y + 0.5) / height) * (bottom - top)) * rows);
    return row >= 0 && row < rows && column >= 0 && column < columns ? row * columns + column : null;
  }

  test('crops of any place, size and mirroring meet the same cells, also twice in a batch', () => {
    using _inner = scope();
    using generator = new Generator(6);
    const reweighter = new ActiveBias({ datasetLength: 3, grid, minVisits: 3 });
    const [height, width] = [9, 10];
    const [left, right, top, bottom] = [0.2, 0.7, 0.1, 0.8];
    const batches: SampleOrigin[][] = [
      [
        { index: 2, left, right, top, bottom, mirrored: true },
        { index: 0, ...whole },
      ],
      [
        { index: 2, ...whole },
        // Padding lies above 1, or below 0 when mirrored.
        { index: 2, left: 0, right: 1.6, top: 0, bottom: 1.2, mirrored: false },
      ],
      [
        { index: 0, left: 0.3, right: 0.4, top: 0.5, bottom: 0.6, mirrored: false },
        { index: 2, left: -0.6, right: 1, top: 0, bottom: 1.2, mirrored: true },
      ],
    ];
    const histories = new Map<string, number[]>();
    for (let step = 0; step < 9; step++) {
      const origins = batches[step % 3] ?? [];
      const draws = randn([2 * height, width], { dtype: 'float32', generator })
        .sigmoid()
        .toArray();
      const likelihood = (draws as number[][]).map((row, at) =>
        row.map((p, x) =>
          (at * 7 + x) % 5 === 0 ||
          cellOf(origins[Math.floor(at / height)] as SampleOrigin, { x, y: at % height, height, width }) ===
            null
            ? Number.NaN
            : p,
        ),
      );
      const input = inputOf(likelihood, origins);
      reweighter.weigh(input);
      for (const [sample, origin] of origins.entries()) {
        const cells = new Map<string, number[]>();
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const p = likelihood[sample * height + y]?.[x] ?? Number.NaN;
            const cell = cellOf(origin, { x, y, height, width });
            if (Number.isNaN(p) || cell === null) continue;
            const key = `${origin.index}.${cell}`;
            cells.set(key, [...(cells.get(key) ?? []), p]);
          }
        }
        for (const [key, values] of cells) {
          const mean = values.reduce((sum, p) => sum + p, 0) / values.length;
          histories.set(key, [...(histories.get(key) ?? []), mean]);
        }
      }
    }
    const visits = reweighter.history?.visits.toTypedArray() ?? [];
    const means = reweighter.history?.means.toTypedArray() ?? [];
    const squares = reweighter.history?.squares.toTypedArray() ?? [];
    expect(histories.size).toBeGreaterThan(30);
    for (let place = 0; place < 3 * rows * columns; place++) {
      const key = `${Math.floor(place / (rows * columns))}.${place % (rows * columns)}`;
      const history = histories.get(key) ?? [];
      const mean = history.reduce((sum, p) => sum + p, 0) / Math.max(1, history.length);
      expect(visits[place], key).toBe(history.length);
      expect(means[place], key).toBeCloseTo(mean, 5);
      expect(squares[place], key).toBeCloseTo(
        history.reduce((sum, p) => sum + (p - mean) ** 2, 0),
        5,
      );
    }
    reweighter.dispose();
  });
});

test('remembers in training only, and carries its history in its state', () => {
  using _inner = scope();
  const create = (datasetLength = 1) => new ActiveBias({ datasetLength, grid: [1, 2], minVisits: 2 });
  const reweighter = create();
  const origins = [{ index: 0, ...whole }];
  for (const row of [
    [0.1, 0.5],
    [0.9, 0.6],
  ])
    reweighter.weigh(inputOf([row], origins));
  const now = inputOf([[0.3, 0.3]], origins);
  reweighter.eval();
  const weights = numbers(reweighter.weigh(now));
  expect(numbers(reweighter.weigh(now))).toEqual(weights);
  const other = create();
  other.loadStateDict(reweighter.stateDict());
  expect(numbers(other.eval().weigh(now))).toEqual(weights);
  // A trained network is inspected without its history, which may be in the checkpoint.
  const unremembering = create(0);
  unremembering.loadStateDict(reweighter.stateDict());
  const { origins: _, ...without } = now;
  expect(numbers(unremembering.weigh(without))).toEqual([0.5, 0.5]);
  for (const each of [reweighter, other, unremembering]) each.dispose();
});

test('says what it was not given', () => {
  using _inner = scope();
  const reweighter = new ActiveBias({ datasetLength: 2 });
  const input = inputOf([[0.5, 0.5]], [{ index: 2, ...whole }]);
  expect(() => reweighter.weigh(input)).toThrow('expected an index below 2, received 2');
  expect(() => reweighter.weigh({ ...input, origins: [] })).toThrow('expected 1 origins, received 0');
  const { origins: _, ...without } = input;
  expect(() => reweighter.weigh(without)).toThrow('expected origins in the input, received none');
  expect(() => new ActiveBias({ datasetLength: 1, grid: [0, 4] })).toThrow(
    'expected grid.0 of at least 1, received 0',
  );
  expect(() => new ActiveBias({ datasetLength: 1, minVisits: 1 })).toThrow(
    'expected minVisits of at least 2, received 1',
  );
  reweighter.dispose();
});
