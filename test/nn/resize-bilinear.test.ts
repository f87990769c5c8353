/** Compares the bilinear kernel of this package with libtorch's, forward and backward. */
import { resizeBilinear } from 'coarsely/nn';
import { Generator, ops, randn, scope } from 'coarsely/torch';
import { expect, test } from 'vitest';

const cases = [
  { channels: 3, from: [5, 7], to: [20, 28] },
  { channels: 19, from: [15, 20], to: [60, 80] },
  { channels: 1, from: [4, 4], to: [9, 5] },
  { channels: 16, from: [1, 1], to: [6, 8] },
  { channels: 5, from: [12, 16], to: [4, 7] },
  { channels: 150, from: [8, 8], to: [32, 32] },
] as const;

test.each(cases)('$channels channels from $from to $to', ({ channels, from, to }) => {
  using _inner = scope();
  using generator = new Generator(5);
  const draw = (size: readonly [number, number]) =>
    randn([2, channels, ...size], { dtype: 'float32', generator });
  const ours = draw(from).to({ memoryFormat: 'channels-last' }).requiresGrad_();
  const theirs = ours.detach().clone().requiresGrad_();
  const weights = draw(to);
  const mine = resizeBilinear(ours, to);
  const reference = ops.upsampleBilinear2d(theirs, to, false);
  expect(mine).toBeAllclose(reference, { absolute: 1e-5 });
  mine.mul(weights).sum().backward();
  reference.mul(weights).sum().backward();
  const gradient = ours.grad;
  expect(gradient).toBeAllclose(theirs.grad, { absolute: 1e-4 });
  ours.zeroGrad_();
  resizeBilinear(ours, to).mul(weights).sum().backward();
  expect(ours.grad?.toTypedArray()).toEqual(gradient?.toTypedArray());
});

test('bfloat16 becomes float32, and its gradient is bfloat16', () => {
  using _inner = scope();
  using generator = new Generator(6);
  const input = randn([1, 4, 3, 3], { dtype: 'float32', generator })
    .to({ dtype: 'bfloat16' })
    .requiresGrad_();
  const output = resizeBilinear(input, [6, 6]);
  output.sum().backward();
  expect([output.dtype, input.grad?.dtype]).toEqual(['float32', 'bfloat16']);
  expect(input.grad?.sum().item()).toBeCloseTo(144, 0);
});

test('errors say what was expected', () => {
  using _inner = scope();
  using generator = new Generator(6);
  const input = randn([4, 3, 3], { dtype: 'float32', generator });
  expect(() => ops.resizeBilinear(input, [6, 6])).toThrow(/expected maps \[N,C,H,W\] and a size/);
});
