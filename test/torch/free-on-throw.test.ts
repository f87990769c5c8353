/** Calls what throws in many ways, and expects as many live tensors afterwards as before. */

import { configSchema } from 'coarsely/config';
import { createSegmentor } from 'coarsely/models';
import { BatchNorm2d, Conv2d, Sequential } from 'coarsely/nn';
import {
  autocast,
  cat,
  type DType,
  Generator,
  liveTensorCount,
  noGrad,
  ops,
  scope,
  type Tensor,
  tensorFrom,
  tensorFromBytes,
  tidy,
  zeros,
} from 'coarsely/torch';
import { createTrainingComponents } from 'coarsely/training';
import { expect, test } from 'vitest';
import { FoldedConvolutions } from '#nn/folded-convolutions.js';
import { readCurve } from '#reweighting/read-curve.js';
import { freeOnThrow } from '#torch/internal.js';

const float32 = { dtype: 'float32' } as const;

/** Expects `body` to throw and to leave no tensor that it did not receive. */
function expectNothingLeft(body: () => unknown, message: RegExp | string = /./): void {
  const before = liveTensorCount();
  expect(body).toThrow(message);
  expect(liveTensorCount(), 'live tensors after the throw').toBe(before);
}

/** Makes tensors that live until the test ends, without a scope around the call that fails. */
function withTensors(body: (tensors: { image: Tensor; wide: Tensor }) => void): void {
  const image = zeros([1, 3, 8, 8], float32);
  const wide = zeros([1, 5, 8, 8], float32);
  try {
    body({ image, wide });
  } finally {
    image.dispose();
    wide.dispose();
  }
}

test('operators', () => {
  withTensors(({ image, wide }) => {
    expectNothingLeft(() => image.add(wide), /size/);
    expectNothingLeft(() => cat([image, wide], 0));
    expectNothingLeft(() => image.reshape([7]));
    expectNothingLeft(() => ops.conv2d(image, wide), /channels/);
    expectNothingLeft(() => image.backward());
    expectNothingLeft(() => image.item(), 'one element');
    expectNothingLeft(() => ops.packConvolution(image, image, 1, 0, 1, 1, [1, 3, 8, 8], 'none'));
    expectNothingLeft(() => ops.convolvePacked(image, wide, null, 'none'), /packed/);
  });
});

test('factories', () => {
  expectNothingLeft(() => tensorFrom([1, 2, 3], { dtype: 'float32', shape: [2] }));
  expectNothingLeft(() => tensorFrom(new Float32Array(2), { dtype: 'int64', shape: [2] }));
  // The numbers are copied first, and then the second dtype is refused.
  expectNothingLeft(() =>
    tensorFrom(new Float32Array(2), { dtype: 'bfloat16', shape: [2], device: 'nowhere' as 'cpu' }),
  );
  expectNothingLeft(() => tensorFromBytes(new Uint8Array(3), { dtype: 'float32', shape: [1] }));
  expectNothingLeft(() => zeros([2], { dtype: 'float99' as DType }));
});

test('scopes and modes', () => {
  withTensors(({ image, wide }) => {
    const failing = () => image.mul(2).add(wide);
    expectNothingLeft(() => tidy(failing));
    expectNothingLeft(() => tidy(() => tidy(failing)));
    expectNothingLeft(() => noGrad(() => tidy(failing)));
    expectNothingLeft(() => autocast({}, () => tidy(failing)));
    expectNothingLeft(() => freeOnThrow(failing));
    using generator = new Generator(1);
    // A parameter belongs to no scope.
    expectNothingLeft(() =>
      freeOnThrow(() => {
        new Conv2d(3, 5, { kernelSize: 3, generator });
        return failing();
      }),
    );
    expectNothingLeft(() =>
      freeOnThrow(() => {
        using inner = scope();
        inner.keep(image.mul(3));
        return failing();
      }),
    );
  });
});

test('modules that fail while they compute', () => {
  using generator = new Generator(1);
  const first = new Conv2d(3, 5, { kernelSize: 1, generator });
  const network = new Sequential(first, new BatchNorm2d(5), new Conv2d(4, 2, { kernelSize: 1, generator }));
  withTensors(({ image }) => {
    expectNothingLeft(() => network.forward(image), /channels/);
    expectNothingLeft(() => noGrad(() => network.forward(image)), /channels/);
    network.eval();
    using folded = new FoldedConvolutions();
    expectNothingLeft(() => folded.run(() => noGrad(() => network.forward(image))));
  });
  network.dispose();
});

test('folded convolutions pack again for an input that fits', () => {
  using generator = new Generator(1);
  const conv = new Conv2d(3, 5, { kernelSize: 3, generator }).eval();
  using folded = new FoldedConvolutions();
  withTensors(({ image, wide }) => {
    noGrad(() => {
      expectNothingLeft(() => folded.run(() => conv.forward(wide)));
      tidy(() => expect(folded.run(() => conv.forward(image)).shape).toEqual([1, 5, 6, 6]));
    });
  });
  conv.dispose();
});

test('modules that fail while they are made', () => {
  using generator = new Generator(1);
  expectNothingLeft(() =>
    createSegmentor(
      { backbone: { kind: 'resnet18' }, head: { kind: 'no-such-head' }, auxiliary: null },
      { classCount: 3, generator },
    ),
  );
  expectNothingLeft(() =>
    createSegmentor(
      {
        backbone: { kind: 'resnet18', weights: '/no/such/file.pth' },
        head: { kind: 'fcn' },
        auxiliary: null,
      },
      { classCount: 3, generator },
    ),
  );
  const finished = new Generator(2);
  finished.dispose();
  expectNothingLeft(() =>
    createSegmentor(
      { backbone: { kind: 'resnet18' }, head: { kind: 'fcn' }, auxiliary: null },
      { classCount: 3, generator: finished },
    ),
  );
  // The backbone is sound, and a head of so many channels does not fit into memory.
  expectNothingLeft(() =>
    createSegmentor(
      { backbone: { kind: 'resnet18' }, head: { kind: 'fcn', channels: 2 ** 40 }, auxiliary: null },
      { classCount: 3, generator },
    ),
  );
});

test('training components of which one fails', () => {
  const config = configSchema.parse({ data: { root: 'nowhere' }, reweighter: { kind: 'arm' } });
  const optimizer = { ...config.optimizer, kind: 'none' };
  // The optimizer comes after network and reweighter.
  expectNothingLeft(
    () => createTrainingComponents({ ...config, optimizer }, { classCount: 3, datasetLength: 1 }),
    /unknown optimizer/,
  );
});

test('a callback that fails', () => {
  const failing = (confidence: Tensor) => confidence.add(zeros([7], float32));
  expectNothingLeft(() => readCurve(failing, { confidences: [0.1, 0.2], device: 'cpu' }));
});
