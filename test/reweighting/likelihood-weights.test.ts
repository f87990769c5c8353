/** Compares OHEM, focal and GCE weights with rules written out pixel by pixel. */
import { FocalWeights, GceWeights, Ohem, type Reweighter, reweighters } from 'coarsely/reweighting';
import { Generator, randn, scope, type Tensor, tensorFrom, zeros } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

const ignored = 255;

/** Creates an input of one row of pixels of two classes; the first has these likelihoods and is the label. */
function rowOf(likelihoods: readonly number[], { ignore = [] as readonly number[] } = {}) {
  const width = likelihoods.length;
  const logits = [...likelihoods.map((p) => Math.log(p / (1 - p))), ...likelihoods.map(() => 0)];
  const labels = likelihoods.map((_, x) => (ignore.includes(x) ? ignored : 0));
  return inputOf(tensorFrom(logits, { dtype: 'float32', shape: [1, 2, 1, width] }), labels);
}

function inputOf(logitsNCHW: Tensor, labels: readonly number[]) {
  const [count = 0, , height = 0, width = 0] = logitsNCHW.shape;
  const shape = [count, height, width];
  const labelsNHW = tensorFrom(BigInt64Array.from(labels.map(BigInt)), { dtype: 'int64', shape });
  const maps = zeros(shape, { dtype: 'float32' });
  return { logitsNCHW, labelsNHW, validNHW: labelsNHW.ne(ignored), confidenceNHW: maps, lossesNHW: maps };
}

const weightsOf = (reweighter: Reweighter, input: ReturnType<typeof inputOf>): number[] =>
  Array.from(reweighter.weigh(input).toTypedArray(), Number);

/** Applies the rule of openseg's code: sort, take one, compare. */
function slowOhem(
  likelihoods: readonly number[],
  { threshold, minKept }: { threshold: number; minKept: number },
) {
  const sorted = likelihoods.filter((p) => !Number.isNaN(p)).sort((a, b) => a - b);
  const t = Math.max(sorted[Math.min(minKept, sorted.length - 1)] ?? 0, threshold);
  const kept = likelihoods.map((p) => Number(p < t));
  const total = kept.reduce((sum, one) => sum + one, 0);
  return kept.map((one) => one / total);
}

describe('OHEM', () => {
  const easy = [0.9, 0.8, 0.95, 0.99, 0.85];

  test('keeps what is below the threshold', () => {
    using _inner = scope();
    const input = rowOf([0.1, 0.9, 0.6, 0.3, 0.8]);
    expect(weightsOf(new Ohem({ threshold: 0.5, minKept: 0 }), input)).toEqual([0.5, 0, 0, 0.5, 0]);
  });

  test('keeps the hardest where too few are below it', () => {
    using _inner = scope();
    expect(weightsOf(new Ohem({ threshold: 0.5, minKept: 2 }), rowOf(easy))).toEqual([0, 0.5, 0, 0, 0.5]);
    // A rank beyond the last pixel means the last, which is then the only one dropped.
    expect(weightsOf(new Ohem({ threshold: 0.5, minKept: 9 }), rowOf(easy))).toEqual([
      0.25, 0.25, 0.25, 0, 0.25,
    ]);
  });

  test('counts no ignored pixel, and gives it nothing', () => {
    using _inner = scope();
    const input = rowOf([0.1, 0.8, 0.9, 0.95], { ignore: [0] });
    expect(weightsOf(new Ohem({ threshold: 0.7, minKept: 1 }), input)).toEqual([0, 1, 0, 0]);
  });

  test('drops ties at the limit together; all equal and easy, it is the plain mean', () => {
    using _inner = scope();
    const tied = rowOf([0.8, 0.9, 0.9, 0.9]);
    expect(weightsOf(new Ohem({ threshold: 0.7, minKept: 2 }), tied)).toEqual([1, 0, 0, 0]);
    const equal = rowOf([0.9, 0.9, 0.9, 0.9], { ignore: [3] });
    const third = Math.fround(1 / 3);
    expect(weightsOf(new Ohem({ threshold: 0.7, minKept: 2 }), equal)).toEqual([third, third, third, 0]);
  });

  test('is the sorted rule on random logits, for every kind of limit', () => {
    using _inner = scope();
    using generator = new Generator(3);
    const shape = [3, 4, 8, 9];
    const logitsNCHW = randn(shape, { dtype: 'float32', generator }).mul(2);
    const labels = Array.from({ length: 216 }, (_, pixel) => (pixel % 7 === 0 ? ignored : pixel % 4));
    const input = inputOf(logitsNCHW, labels);
    const softmax = logitsNCHW.softmax(1).permute([0, 2, 3, 1]).reshape([216, 4]).toArray() as number[][];
    const likelihoods = labels.map((label, pixel) => softmax[pixel]?.[label] ?? Number.NaN);
    for (const options of [
      { threshold: 0.7, minKept: 10 },
      { threshold: 0.05, minKept: 60 },
      { threshold: 0, minKept: 1 },
      { threshold: 1, minKept: 0 },
      { threshold: 0.3, minKept: 100_000 },
    ]) {
      const expected = slowOhem(likelihoods, options);
      const weights = weightsOf(new Ohem(options), input);
      expect(weights.map((weight) => weight > 0)).toEqual(expected.map((weight) => weight > 0));
      for (const [pixel, weight] of weights.entries()) expect(weight).toBeCloseTo(expected[pixel] ?? 0, 6);
    }
  });

  test('both scopes are one where a process computes the whole batch at once', () => {
    using _inner = scope();
    using generator = new Generator(4);
    const logitsNCHW = randn([2, 4, 8, 9], { dtype: 'float32', generator }).mul(2);
    const input = inputOf(
      logitsNCHW,
      Array.from({ length: 144 }, (_, pixel) => (pixel % 5 === 0 ? ignored : pixel % 4)),
    );
    for (const options of [
      { threshold: 0.7, minKept: 10 },
      { threshold: 0.05, minKept: 60 },
      { threshold: 0.3, minKept: 100_000 },
    ]) {
      const byBatch = weightsOf(new Ohem(options), input);
      expect(byBatch).toEqual(weightsOf(new Ohem({ ...options, minKeptScope: 'process' }), input));
    }
  });

  test('says once that it keeps all pixels, and gives the share that it keeps', () => {
    using _inner = scope();
    const few = rowOf([0.8, 0.85, 0.9, 0.95]);
    const fitting = new Ohem({ threshold: 0.5, minKept: 2 });
    fitting.weigh(few);
    expect([fitting.keptShare, fitting.takeNotice()]).toEqual([0.5, null]);
    const greedy = new Ohem({ threshold: 0.5, minKept: 1000 });
    greedy.weigh(few);
    expect(greedy.keptShare).toBe(0.75);
    expect(greedy.takeNotice()).toBe(
      'OHEM kept all pixels but the easiest, which is plain cross-entropy: a batch had 4 labeled pixels, and ' +
        'reweighter.minKept is 1000; lower it',
    );
    greedy.weigh(few);
    expect(greedy.takeNotice()).toBe(null);
    // A `minKept` above the batch is said even while all pixels are below the threshold, as it keeps them ever after.
    const allHard = new Ohem({ threshold: 1, minKept: 1000 });
    allHard.weigh(few);
    expect([allHard.keptShare, allHard.takeNotice()]).toEqual([
      1,
      expect.stringContaining('minKept is 1000'),
    ]);
    // Measuring single images in evaluation is no training step.
    const measured = new Ohem({ threshold: 0.5, minKept: 1000 }).eval();
    measured.weigh(few);
    expect([measured.keptShare, measured.takeNotice()]).toEqual([null, null]);
  });

  test('presets are the published settings, which a named option overrides', () => {
    const { options } = reweighters.get('ohem');
    expect(options.parse({})).toEqual({
      preset: null,
      threshold: 0.7,
      minKept: 100_000,
      minKeptScope: 'batch',
    });
    const hrnet = options.parse({ preset: 'hrnet', minKeptScope: 'process' });
    expect(hrnet).toEqual({
      preset: 'hrnet',
      threshold: 0.9,
      minKept: 131_072,
      minKeptScope: 'process',
    });
    expect(options.parse(hrnet)).toEqual(hrnet);
    expect(options.parse({ preset: 'hrnet', minKept: 50 })).toMatchObject({ threshold: 0.9, minKept: 50 });
    expect(() => options.parse({ preset: 'ocr' })).toThrow();
    expect(() => new Ohem({ minKept: 0.5 })).toThrow(
      'Ohem: expected minKept to be a whole number, received 0.5',
    );
    expect(() => new Ohem({ threshold: 2 })).toThrow('expected threshold in [0, 1], received 2');
  });
});

test('focal weights are (1 − p_y)^γ over their sum', () => {
  using _inner = scope();
  const input = rowOf([0.1, 0.5, 0.8, 0.9], { ignore: [3] });
  const raw = [0.81, 0.25, 0.04];
  for (const [pixel, weight] of weightsOf(new FocalWeights(), input).entries())
    expect(weight).toBeCloseTo((raw[pixel] ?? 0) / 1.1, 6);
  const uniform = weightsOf(new FocalWeights({ gamma: 0 }), input);
  for (const weight of uniform.slice(0, 3)) expect(weight).toBeCloseTo(1 / 3, 6);
  expect(() => new FocalWeights({ gamma: -1 })).toThrow(
    'FocalWeights: expected gamma of at least 0, received -1',
  );
});

test('GCE weights are p_y^q over their sum, and hold where p_y has no digits left', () => {
  using _inner = scope();
  const input = rowOf([0.1, 0.5, 0.8, 0.9], { ignore: [3] });
  const raw = [0.1, 0.5, 0.8].map((p) => p ** 0.3);
  const sum = raw.reduce((total, value) => total + value, 0);
  for (const [pixel, weight] of weightsOf(new GceWeights({ q: 0.3 }), input).entries())
    expect(weight).toBeCloseTo((raw[pixel] ?? 0) / sum, 6);
  // p_y = e^−200 and e^−210: 0 in float32, but p_y^0.1 are e^−20 and e^−21.
  const logits = tensorFrom([-200, -210, 0, 0], { dtype: 'float32', shape: [1, 2, 1, 2] });
  const [likelier = 0, unlikelier = 0] = weightsOf(new GceWeights(), inputOf(logits, [0, 0]));
  expect(likelier / unlikelier).toBeCloseTo(Math.E, 2);
  expect(() => new GceWeights({ q: 1.5 })).toThrow('expected q in [0, 1], received 1.5');
});

test('what a strategy looks at has to be there', () => {
  using _inner = scope();
  const { logitsNCHW: _, ...input } = rowOf([0.5, 0.5]);
  for (const reweighter of [new Ohem(), new FocalWeights(), new GceWeights()])
    expect(() => reweighter.weigh(input)).toThrow('weigh: expected logitsNCHW in the input, received none');
});
