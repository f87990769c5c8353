/** Checks the KL loss by hand: Eq. 1, its minimum of Eq. 2, and the bound where it has no lower end. */
import { crossEntropy, kl, reduceLosses } from 'coarsely/losses';
import { Parameter } from 'coarsely/nn';
import { Sgd } from 'coarsely/optim';
import { scope, tensorFrom, tidy } from 'coarsely/torch';
import { expect, test } from 'vitest';

// A row of pixels of two classes: the likelihood of class 0 is 3/4, 1/2, 1/100.
const odds = [3, 1, 1 / 99];
const logits = () => tensorFrom([...odds.map(Math.log), 0, 0, 0], { dtype: 'float32', shape: [1, 2, 1, 3] });
const labels = (values = [0, 0, 0]) => tensorFrom(values, { dtype: 'int64', shape: [1, 1, 3] });
const map = (values: readonly number[]) => tensorFrom(values, { dtype: 'float32', shape: [1, 1, 1, 3] });
const crossEntropies = [3 / 4, 1 / 2, 1 / 100].map((likelihood) => -Math.log(likelihood));

test('is CE / s + ½ log s', () => {
  using _inner = scope();
  const scales = [0.5, 1, 4];
  const logScale = map(scales.map(Math.log));
  const values = kl(logits(), labels(), { extraHeads: { logScale } }).toTypedArray();
  scales.forEach((s, index) => {
    expect(Number(values[index])).toBeCloseTo((crossEntropies[index] ?? 0) / s + 0.5 * Math.log(s), 5);
  });
});

test('descending it in s finds ŝ = 2 CE (Eq. 2), from far away too', () => {
  for (const start of [0, 40, -40]) {
    const logScale = tidy(() => new Parameter(map([start, start, start])));
    const optimizer = new Sgd([{ parameters: [logScale] }], {
      learningRate: 0.2,
      momentum: 0,
      weightDecay: 0,
    });
    for (let step = 0; step < 600; step++) {
      tidy(() => {
        optimizer.zeroGrad();
        // Far below the minimum 1/s is large, and a step as long as the gradient would overshoot.
        kl(logits(), labels(), { extraHeads: { logScale } }).sum().backward();
        logScale.grad?.clamp_({ min: -5, max: 5 });
        optimizer.step();
      });
    }
    const found = Array.from(logScale.toTypedArray(), Number).map(Math.exp);
    found.forEach((s, index) => {
      expect(s / (2 * (crossEntropies[index] ?? 0))).toBeCloseTo(1, 2);
    });
    logScale.zeroGrad_().dispose();
    optimizer.dispose();
  }
});

test('a scale of 1 gives the gradient of cross-entropy to the logits, and another divides it', () => {
  using _inner = scope();
  const slopes = (run: (input: ReturnType<typeof logits>) => ReturnType<typeof crossEntropy>) => {
    const input = logits().requiresGrad_();
    run(input).sum().backward();
    return Array.from(input.grad?.toTypedArray() ?? [], Number);
  };
  const plain = slopes((input) => crossEntropy(input, labels()));
  const half = slopes((input) =>
    kl(input, labels(), { extraHeads: { logScale: map([0, Math.log(2), Math.log(2)]) } }),
  );
  plain.forEach((slope, index) => {
    expect(half[index]).toBeCloseTo(index % 3 === 0 ? slope : slope / 2, 6);
  });
});

test('an ignored pixel costs nothing and tells the scale nothing', () => {
  using _inner = scope();
  const logScale = map([0.3, 0.3, 0.3]).requiresGrad_();
  const target = labels([255, 0, 255]);
  const values = kl(logits(), target, { extraHeads: { logScale } });
  reduceLosses(values, target.ne(255)).backward();
  expect(Number(values.toTypedArray()[0])).toBe(0);
  const gradient = Array.from(logScale.grad?.toTypedArray() ?? [], Number);
  expect([gradient[0], gradient[2]]).toEqual([0, 0]);
  expect(gradient[1]).toBeCloseTo(0.5 - Math.log(2) * Math.exp(-0.3), 5);
});

test('has a lower end where the network is certain: ½ · −4, not −∞', () => {
  using _inner = scope();
  const certain = tensorFrom([1e4, 1e4, 1e4, -1e4, -1e4, -1e4], { dtype: 'float32', shape: [1, 2, 1, 3] });
  const logScale = map([-3, -40, -1e4]).requiresGrad_();
  const values = kl(certain, labels(), { extraHeads: { logScale } });
  expect(Array.from(values.toTypedArray(), Number)).toEqual([-1.5, -2, -2]);
  values.sum().backward();
  expect(Array.from(logScale.grad?.toTypedArray() ?? [], Number)).toEqual([0.5, 0, 0]);
});

test('beyond its range the gradient is that of the nearest end where it leads back, else 0', () => {
  using _inner = scope();
  const slopes = (r: number) => {
    const logScale = map([r, r, r]).requiresGrad_();
    kl(logits(), labels(), { extraHeads: { logScale } }).sum().backward();
    return Array.from(logScale.grad?.toTypedArray() ?? [], Number);
  };
  crossEntropies.forEach((loss, index) => {
    expect(slopes(-1e4)[index]).toBeCloseTo(0.5 - loss * Math.exp(4), 3);
    expect(slopes(1e4)[index]).toBeCloseTo(0.5 - loss * Math.exp(-10), 5);
  });
});

test('says what head it needs', () => {
  using _inner = scope();
  expect(() => kl(logits(), labels())).toThrow('kl: expected extraHeads.logScale [1,1,1,3], received none');
  const logScale = logits();
  expect(() => kl(logits(), labels(), { extraHeads: { logScale } })).toThrow(
    'kl: expected extraHeads.logScale [1,1,1,3], received [1,2,1,3]',
  );
});
