/** Checks operations on a GPU; runs only where libtorch sees one. */
import { createSegmentor } from 'coarsely/models';
import { engine, fullFloat32, Generator, ops, scope, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

describe.runIf(engine().cudaDevices > 0)('cuda', () => {
  test('moves, computes and differentiates', () => {
    using _inner = scope();
    const x = tensorFrom([1, 2, 3, 4], {
      dtype: 'float32',
      shape: [1, 1, 2, 2],
      device: 'cuda',
    }).requiresGrad_();
    const y = ops.upsampleBilinear2d(x, [4, 4], false).sum();
    y.backward();
    expect(y.device).toBe('cuda:0');
    expect(y.item()).toBeCloseTo(40, 4);
    expect(x.grad?.sum().item()).toBeCloseTo(16, 4);
  });

  test('full float32 convolutions keep the digits that TF32 drops', () => {
    using _inner = scope();
    // 1 + 2^-12 is 1 in TF32.
    const shape = [1, 64, 8, 8];
    const values = new Float32Array(64 * 64).fill(1 + 2 ** -12);
    const x = tensorFrom(values, { dtype: 'float32', shape, device: 'cuda' });
    const weight = tensorFrom(values, { dtype: 'float32', shape: [64, 64, 1, 1], device: 'cuda' });
    const sum = fullFloat32(() => ops.conv2d(x, weight))
      .select(1, 0)
      .select(1, 0)
      .select(1, 0)
      .item();
    expect(sum).toBeCloseTo(64 * (1 + 2 ** -12) ** 2, 3);
  });

  test('a network moved there agrees with the CPU', () => {
    using _inner = scope();
    using generator = new Generator(0);
    const section = {
      backbone: { kind: 'resnet18' },
      head: { kind: 'deeplabv3plus' },
      auxiliary: null,
    };
    const model = createSegmentor(section, { classCount: 5, generator }).eval();
    const image = tensorFrom(new Float32Array(3 * 64 * 64).fill(0.5), {
      dtype: 'float32',
      shape: [1, 3, 64, 64],
    });
    const here = model.forward(image).logitsNCHW;
    model.to({ device: 'cuda' });
    const there = model.forward(image.to({ device: 'cuda' })).logitsNCHW.to({ device: 'cpu' });
    expect(there).toBeAllclose(here, { absolute: 1e-2 });
    model.dispose();
  });
});
