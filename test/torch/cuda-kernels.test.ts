/**
 * Runs the arithmetic of the GPU kernels in plain loops on the CPU and compares it with the CPU's own kernels: the work
 * of a GPU thread is ordinary C++ (native/kernels/cuda). cuda-operators.test.ts runs the kernels on a GPU.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, ops, rand, randn, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coarsely-cuda-'));
  const [compiler = '', ...first] = (process.env.CXX ?? 'c++').split(' ');
  const files = [`-I${join(root, 'native')}`, join(import.meta.dirname, 'cuda-kernels.cc')];
  const { status, stderr } = spawnSync(
    compiler,
    [...first, '-std=c++20', '-O1', ...files, '-o', join(folder, 'kernels')],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = (tensor: Tensor) => {
  const { buffer, byteOffset, byteLength } = tensor.contiguous().toTypedArray();
  return Buffer.from(buffer, byteOffset, byteLength);
};

/** Runs a kernel over arrays and returns the resulting arrays in the given shapes. */
function runKernel(
  words: readonly unknown[],
  input: readonly Tensor[],
  shapes: readonly number[][],
): Tensor[] {
  const { status, stdout } = spawnSync(join(folder, 'kernels'), words.map(String), {
    input: Buffer.concat(input.map(bytes)),
    maxBuffer: 2 ** 26,
  });
  expect(status).toBe(0);
  const values = new Float32Array(new Uint8Array(stdout).buffer);
  let used = 0;
  const outputs = shapes.map((shape) => {
    const count = shape.reduce((product, size) => product * size, 1);
    used += count;
    return tensorFrom(values.slice(used - count, used), { dtype: 'float32', shape });
  });
  expect(used).toBe(values.length);
  return outputs;
}

const channelsLast = (maps: Tensor) => maps.permute([0, 2, 3, 1]).contiguous();
const channelsFirst = (maps: Tensor | undefined) => maps?.permute([0, 3, 1, 2]);

const sizes: readonly (readonly [number, number, number, number])[] = [
  [5, 7, 20, 28],
  [3, 4, 48, 61],
  [1, 1, 9, 5],
  [6, 5, 6, 5],
  [13, 11, 6, 4],
  [2, 9, 17, 9],
];

describe.each(sizes)('%i×%i to %i×%i', (h, w, height, width) => {
  test('bilinear resizing and its backward', () => {
    using _inner = scope();
    using generator = new Generator(1);
    const input = randn([2, 3, h, w], { dtype: 'float32', generator }).requiresGrad_();
    const above = randn([2, 3, height, width], { dtype: 'float32', generator });
    const expected = ops.resizeBilinear(input, [height, width]);
    expected.mul(above).sum().backward();
    const [output, below] = runKernel(
      ['resize', 2, 3, h, w, height, width],
      [channelsLast(input.detach()), channelsLast(above)],
      [
        [2, height, width, 3],
        [2, h, w, 3],
      ],
    );
    expect(channelsFirst(output)).toBeAllclose(expected, { relativeToLargest: 1e-6 });
    expect(channelsFirst(below)).toBeAllclose(input.grad, { relativeToLargest: 1e-5 });
  });

  test.each([
    [0, 0, 1, 5],
    [0, 0, 2, 1],
    [0, 0, 0, 19],
    [1, 0.7, 2, 5],
    [1, 0, 0, 5],
    [2, 2, 1, 2],
    [2, 0.5, 2, 5],
    [3, 0.1, 1, 5],
    [3, 0.6, 0, 19],
  ])('pixel loss of kind %i with %f, indicator %i, %i classes', (kind, parameter, indicator, classes) => {
    using _inner = scope();
    using generator = new Generator(2);
    const logits = randn([2, classes, h, w], { dtype: 'float32', generator }).mul(3).requiresGrad_();
    const shape = [2, height, width];
    const draw = () => rand(shape, { dtype: 'float32', generator });
    const labels = ops.floor(draw().mul(classes)).where(draw().lt(0.7), 255).to({ dtype: 'int64' });
    const above = draw();
    const classWeights = rand([classes], { dtype: 'float32', generator });
    const [losses, confidence] = ops.pixelLoss(logits, labels, kind, parameter, 255, indicator, {
      classWeights: kind === 3 ? classWeights : null,
    });
    losses.mul(above).sum().backward();
    const confidenceShape = indicator === 0 ? [0] : shape;
    const outputs = runKernel(
      ['pixel-loss', 2, classes, h, w, height, width, kind, parameter, indicator],
      [channelsLast(logits.detach()), labels, above, classWeights],
      [shape, confidenceShape, [2, h, w, classes]],
    );
    expect(outputs[0]).toBeAllclose(losses, { relativeToLargest: 1e-5 });
    if (indicator !== 0) expect(outputs[1]).toBeAllclose(confidence, { relativeToLargest: 1e-5 });
    expect(channelsFirst(outputs[2])).toBeAllclose(logits.grad, { relativeToLargest: 2e-5 });
  });
});

describe.each([1, 2, 3])('p = %i', (p) => {
  test.each([
    [[1, 1, 1], 2],
    [[1, 7, 9], 0],
    [[2, 97, 101], 0.7],
    [[1, 560, 480], 0.9],
  ])('ARM and weight normalization over %j with a share %f valid', (shape, share) => {
    using _inner = scope();
    using generator = new Generator(3);
    const draw = (size: readonly number[]) => rand(size, { dtype: 'float32', generator });
    const points = draw(shape).mul(2);
    const above = points.sub(2).square().add(draw(shape).mul(0.5));
    const valid = draw(shape).lt(share);
    const parameters = draw([53]).sub(0.2).mul(1.5);
    const count = points.reshape([-1]).shape[0] ?? 0;
    for (const arm of [false, true]) {
      const [from, flat] = [points.detach().requiresGrad_(), parameters.detach().requiresGrad_()];
      const weights = arm ? ops.armWeights(from, valid, flat, p) : ops.normalizeWeights(from, valid, p);
      weights.mul(above).sum().backward();
      const [output, below, toParameters] = runKernel(
        ['weights', count, p, Number(arm)],
        [points, valid, above, ...(arm ? [parameters] : [])],
        [shape, shape, [arm ? 53 : 0]],
      );
      expect(output).toBeAllclose(weights, { relativeToLargest: 1e-6 });
      expect(below).toBeAllclose(from.grad, { relativeToLargest: 1e-4, absolute: 1e-4 / count });
      if (arm) expect(toParameters).toBeAllclose(flat.grad, { relativeToLargest: 1e-4, absolute: 1e-7 });
    }
  });
});
