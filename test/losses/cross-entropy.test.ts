/** Checks cross-entropy by hand: −log softmax at the label, 0 where ignored, and the two ways to reduce it. */
import { crossEntropy, reduceLosses } from 'coarsely/losses';
import { autocast, scope, tensorFrom } from 'coarsely/torch';
import { expect, test } from 'vitest';

// One row of three pixels, two classes: likelihood of class 0 is 3/4, 1/2, 1/2.
const logits = () => tensorFrom([Math.log(3), 0, 5, 0, 0, 5], { dtype: 'float32', shape: [1, 2, 1, 3] });
const labels = (values: number[]) => tensorFrom(values, { dtype: 'int64', shape: [1, 1, values.length] });

test('is −log p of the label and 0 where ignored', () => {
  using _inner = scope();
  const values = crossEntropy(logits(), labels([0, 1, 255])).toTypedArray();
  expect(Number(values[0])).toBeCloseTo(-Math.log(0.75), 6);
  expect(Number(values[1])).toBeCloseTo(Math.log(2), 6);
  expect(values[2]).toBe(0);
});

test('reduces over labeled pixels or over all', () => {
  using _inner = scope();
  const target = labels([0, 1, 255]);
  const losses = crossEntropy(logits(), target);
  const valid = target.ne(255);
  const sum = -Math.log(0.75) + Math.log(2);
  expect(reduceLosses(losses, valid).item()).toBeCloseTo(sum / 2, 6);
  expect(reduceLosses(losses, valid, 'all').item()).toBeCloseTo(sum / 3, 6);
});

test('a batch without a labeled pixel has loss 0 and gradient 0, not NaN', () => {
  using _inner = scope();
  const input = logits().requiresGrad_();
  const target = labels([255, 255, 255]);
  const loss = reduceLosses(crossEntropy(input, target), target.ne(255));
  loss.backward();
  expect(loss.item()).toBe(0);
  expect(input.grad?.abs().sum().item()).toBe(0);
});

test('stays in float32 under autocast and finite at extreme logits', () => {
  using _inner = scope();
  const extreme = tensorFrom([1e4, -1e4], { dtype: 'float32', shape: [1, 2, 1, 1] });
  const losses = autocast({ dtype: 'bfloat16' }, () =>
    crossEntropy(extreme.to({ dtype: 'bfloat16' }), labels([1])),
  );
  expect(losses.dtype).toBe('float32');
  expect(losses.item()).toBeCloseTo(19968, -2);
});

test('the gradient is softmax minus one-hot, also by finite differences', () => {
  using _inner = scope();
  const values = [0.3, -0.2, 0.5, 0.1, 0.4, -0.6];
  const target = labels([1, 0, 1]);
  const at = (data: number[]) =>
    crossEntropy(tensorFrom(data, { dtype: 'float32', shape: [1, 2, 1, 3] }), target)
      .sum()
      .item();
  const input = tensorFrom(values, { dtype: 'float32', shape: [1, 2, 1, 3] }).requiresGrad_();
  crossEntropy(input, target).sum().backward();
  const gradient = input.grad?.toTypedArray() ?? [];
  values.forEach((_, index) => {
    const shifted = (by: number) => at(values.map((value, i) => (i === index ? value + by : value)));
    expect(Number(gradient[index])).toBeCloseTo((shifted(1e-2) - shifted(-1e-2)) / 2e-2, 3);
  });
});

test('says which shape it expected', () => {
  using _inner = scope();
  expect(() => crossEntropy(logits(), labels([0, 1]))).toThrow(
    'crossEntropy: expected labels [1,1,3], received [1,1,2]',
  );
});
