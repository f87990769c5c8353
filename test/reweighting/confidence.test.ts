/** Checks the range, order and gradients of confidence indicators, and why the paper's entropy gave NaN. */
import { losses } from 'coarsely/losses';
import { type Confidence, confidences, entropy, klScale, logVariance } from 'coarsely/reweighting';
import { autocast, ops, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { pixelBatch, pixelShape, situations } from './pixel-batch.js';

function create(kind: string, { detach }: { readonly detach?: boolean } = {}): Confidence {
  const component = confidences.get(kind);
  return component.create(component.options.parse(detach === undefined ? {} : { detach }), { classCount: 5 });
}

const allFinite = (tensor: Tensor) => ops.all(ops.isfinite(tensor)).item() === 1;

/** Returns the logits of a row of pixels with these likelihoods. */
function row(pixels: readonly (readonly number[])[]): Tensor {
  const classCount = pixels[0]?.length ?? 0;
  const data = Array.from({ length: classCount }, (_, c) => pixels.map((pixel) => Math.log(pixel[c] ?? 0)));
  return tensorFrom(data.flat(), { dtype: 'float32', shape: [1, classCount, 1, pixels.length] });
}

const numbers = (tensor: Tensor) => Array.from(tensor.toTypedArray(), Number);

describe.each(confidences.kinds())('%s', (kind) => {
  test.each(situations)('is float32 in [−1, 1] and without gradient: $name', (situation) => {
    using _inner = scope();
    const { logitsNCHW, extraHeads } = pixelBatch(situation);
    const values = autocast({ dtype: 'bfloat16' }, () => create(kind)(logitsNCHW, { extraHeads }));
    expect(values.shape).toEqual(pixelShape);
    expect(values.dtype).toBe('float32');
    expect(values.requiresGrad).toBe(false);
    expect(values.min().item()).toBeGreaterThanOrEqual(-1);
    expect(values.max().item()).toBeLessThanOrEqual(1);
    if (situation.classCount === 1) expect(numbers(values)).toEqual(Array(24).fill(1));
  });

  test.each(situations)('has finite gradients when attached: $name', (situation) => {
    using _inner = scope();
    const { logitsNCHW, extraHeads } = pixelBatch(situation);
    const values = create(kind, { detach: false })(logitsNCHW, { extraHeads });
    expect(values.requiresGrad).toBe(true);
    values.sum().backward();
    for (const leaf of [logitsNCHW, ...Object.values(extraHeads)]) {
      if (leaf.grad) expect(allFinite(leaf.grad)).toBe(true);
    }
  });

  test('names heads that some loss trains', () => {
    const trained = losses.kinds().flatMap((loss) => Object.keys(losses.get(loss).extraHeads ?? {}));
    expect(trained).toEqual(expect.arrayContaining([...(confidences.get(kind).needs ?? [])]));
  });

  test('refuses logits that are no map', () => {
    using _inner = scope();
    const { logitsNCHW, extraHeads } = pixelBatch();
    expect(() => create(kind)(logitsNCHW.select(0, 0), { extraHeads })).toThrow(
      'confidence: expected logits [N,C,H,W], received [5,3,4]',
    );
  });
});

const ofLogitsAlone = confidences.kinds().filter((kind) => !confidences.get(kind).needs?.length);

describe.each(ofLogitsAlone)('%s of the logits alone', (kind) => {
  test('rises with the greatest likelihood of two classes, from −1 to +1', () => {
    using _inner = scope();
    const greatest = Array.from({ length: 50 }, (_, index) => 0.5 + (index + 1) / 100);
    const pixels = [[0.5, 0.5], ...greatest.map((p) => [p, Math.max(1 - p, 1e-30)])];
    const values = numbers(create(kind)(row(pixels)));
    expect(values[0]).toBeCloseTo(-1, 5);
    expect(values.at(-1)).toBeCloseTo(1, 5);
    values.slice(1).forEach((value, index) => {
      expect(value).toBeGreaterThan(values[index] ?? 1);
    });
  });

  test('does not care which class it is, nor about a constant added to all logits', () => {
    using _inner = scope();
    const indicator = create(kind);
    const [a, b] = numbers(
      indicator(
        row([
          [0.7, 0.2, 0.1],
          [0.1, 0.7, 0.2],
        ]),
      ),
    );
    expect(a).toBeCloseTo(b ?? 0, 6);
    expect(numbers(indicator(row([[0.7, 0.2, 0.1]]).add(30)))[0]).toBeCloseTo(a ?? 0, 4);
  });
});

describe('log-variance', () => {
  test('is the logarithm of v on [1e-6 v_max, v_max]', () => {
    using _inner = scope();
    // Two classes: v / v_max = (2p − 1)².
    const shares = [1, 1e-1, 1e-3];
    const values = numbers(
      logVariance(row(shares.map((s) => [0.5 + Math.sqrt(s) / 2, 0.5 - Math.sqrt(s) / 2 + 1e-30]))),
    );
    [1, 2 / 3, 0].forEach((expected, index) => {
      expect(values[index]).toBeCloseTo(expected, 3);
    });
  });
});

describe('entropy', () => {
  test('is 1 − 2 H / log C', () => {
    using _inner = scope();
    const likelihoods = [0.5, 0.3, 0.2];
    const nats = -likelihoods.reduce((sum, p) => sum + p * Math.log(p), 0);
    expect(entropy(row([likelihoods])).item()).toBeCloseTo(1 - (2 * nats) / Math.log(3), 6);
  });

  // Table 2 reports NaN: Σ −p log p from the likelihoods, once one of them underflows.
  const naive = (logits: Tensor) => {
    const likelihoods = logits.softmax(1);
    return likelihoods.neg().mul(likelihoods.log()).sum(1);
  };
  const saturated = () => tensorFrom([120, 0, 0], { dtype: 'float32', shape: [1, 3, 1, 1] }).requiresGrad_();

  test('the formula as written is NaN where a likelihood underflows, forward and backward', () => {
    using _inner = scope();
    const logits = saturated();
    const values = naive(logits);
    values.sum().backward();
    expect(values.item()).toBeNaN();
    expect(numbers(logits.grad ?? logits).every(Number.isNaN)).toBe(true);
    const ordinary = naive(row([[0.5, 0.3, 0.2]]));
    expect(allFinite(ordinary)).toBe(true);
  });

  test('guarding the logarithm alone leaves its gradient without end', () => {
    using _inner = scope();
    const logits = saturated();
    const likelihoods = logits.softmax(1);
    const guarded = likelihoods.log().mul(likelihoods).where(likelihoods.gt(0), 0).sum(1);
    guarded.sum().backward();
    expect(guarded.item()).toBe(0);
    expect(allFinite(logits.grad ?? logits)).toBe(false);
  });

  test('ours is certain there, with gradient 0, and bears a class that is ruled out', () => {
    using _inner = scope();
    const logits = saturated();
    const values = entropy(logits, { detach: false });
    values.sum().backward();
    expect(values.item()).toBe(1);
    expect(logits.grad?.abs().sum().item()).toBe(0);
    const ruledOut = tensorFrom([0, 0, -Infinity], { dtype: 'float32', shape: [1, 3, 1, 1] });
    expect(entropy(ruledOut).item()).toBeCloseTo(1 - (2 * Math.log(2)) / Math.log(3), 6);
  });
});

describe('kl-scale', () => {
  const logits = (classCount: number) =>
    tensorFrom(Array(classCount * 3).fill(0), { dtype: 'float32', shape: [1, classCount, 1, 3] });
  const scales = (values: readonly number[]) => ({
    logScale: tensorFrom(values.map(Math.log), { dtype: 'float32', shape: [1, 1, 1, 3] }),
  });

  test('is +1 at the least log s of the loss, −1 where log C is expected, and in between by −log s', () => {
    using _inner = scope();
    const least = Math.exp(-4);
    const greatest = 2 * Math.log(19);
    const extraHeads = scales([least, Math.sqrt(least * greatest), greatest]);
    const values = numbers(klScale(logits(19), { extraHeads }));
    [1, 0, -1].forEach((expected, index) => {
      expect(values[index]).toBeCloseTo(expected, 5);
    });
    const beyond = numbers(klScale(logits(19), { extraHeads: scales([1e-30, 1, 1e30]) }));
    expect([beyond[0], beyond[2]]).toEqual([1, -1]);
  });

  test('says which head it needs', () => {
    using _inner = scope();
    expect(() => klScale(logits(2))).toThrow(
      'kl-scale: expected extraHeads.logScale [1,1,1,3], received none',
    );
  });
});
