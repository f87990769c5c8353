/** Holds every registered backbone to the contract of `Backbone`, at every output stride. */
import { backbones } from 'coarsely/models';
import { activationCheckpointing } from 'coarsely/nn';
import {
  Generator,
  liveTensorCount,
  noGrad,
  ones,
  randn,
  scope,
  setThreads,
  type Tensor,
  tidy,
} from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { withoutZeroInit } from './without-zero-init.js';

setThreads(1);

const cases = backbones
  .kinds()
  .flatMap((kind) => ([8, 16, 32] as const).map((outputStride) => ({ kind, outputStride })));

function create(kind: string, options: Record<string, unknown>, seed = 1) {
  using generator = new Generator(seed);
  const component = backbones.get(kind);
  return tidy(() => component.create(component.options.parse(options), { generator }));
}

function valuesOf(tensor: Tensor | undefined): Float32Array {
  return tensor?.toTypedArray() as Float32Array;
}

describe.each(cases)('$kind at output stride $outputStride', ({ kind, outputStride }) => {
  test('features have the promised shapes, and a gradient reaches every parameter', () => {
    const backbone = create(kind, { outputStride, ...withoutZeroInit(kind) });
    tidy(() => {
      using generator = new Generator(2);
      const features = backbone.forward(randn([2, 3, 64, 32], { dtype: 'float32', generator }));
      expect(features.map(({ shape }) => shape)).toEqual(
        [4, Math.min(8, outputStride), Math.min(16, outputStride), outputStride].map((stride, stage) => [
          2,
          backbone.channels[stage],
          64 / stride,
          32 / stride,
        ]),
      );
      expect(backbone.outputStride).toBe(outputStride);
      expect(features).toHaveLength(4);
      const last = features[3];
      last
        .mul(randn(last.shape, { dtype: 'float32', generator }))
        .mean()
        .backward();
      for (const [name, parameter] of backbone.namedParameters()) {
        const size = parameter.grad?.norm().item() ?? Number.NaN;
        expect(size, name).toBeGreaterThan(0);
        expect(size, name).toBeLessThan(Number.POSITIVE_INFINITY);
        parameter.zeroGrad_();
      }
    });
    backbone.dispose();
  });
});

describe.each(backbones.kinds())('%s', (kind) => {
  test('its state dict makes an equal of another', () => {
    const first = create(kind, {}, 1).eval();
    const second = create(kind, {}, 2).eval();
    expect(second.loadStateDict(first.stateDict())).toEqual({ missing: [], unexpected: [] });
    tidy(() =>
      noGrad(() => {
        using generator = new Generator(3);
        const images = randn([1, 3, 32, 32], { dtype: 'float32', generator });
        const [expected, received] = [first.forward(images), second.forward(images)];
        for (const [stage, feature] of expected.entries()) {
          expect(received[stage], `stage ${stage}`).toBeAllclose(feature);
        }
      }),
    );
    first.dispose();
    second.dispose();
  });
});

describe.each(backbones.kinds())('%s with its stem', (kind) => {
  test('returns its feature at half the size only when asked, and the same features of the stages', () => {
    const backbone = create(kind, {}).eval();
    tidy(() =>
      noGrad(() => {
        using generator = new Generator(3);
        const images = randn([2, 3, 64, 32], { dtype: 'float32', generator });
        const stages = backbone.forward(images);
        const [stage1, stage2, stage3, stage4, stem, ...more] = backbone.forward(images, { stem: true });
        expect(stem?.shape).toEqual([2, backbone.stemChannels, 32, 16]);
        expect(more).toEqual([]);
        for (const [index, feature] of [stage1, stage2, stage3, stage4].entries()) {
          expect(feature, `stage ${index + 1}`).toBeAllclose(stages[index] as Tensor, { absolute: 0 });
        }
      }),
    );
    backbone.dispose();
  });

  test.each([false, true])('leaves no other tensor than its features (stem %s)', (stem) => {
    const backbone = create(kind, {}).eval();
    noGrad(() => {
      using _inner = scope();
      const images = ones([1, 3, 32, 32], { dtype: 'float32' });
      const before = liveTensorCount();
      const features = backbone.forward(images, { stem });
      expect(liveTensorCount() - before).toBe(features.length);
    });
    backbone.dispose();
  });

  test.each([false, true])(
    'keeps features and gradients under activation checkpointing (stem %s)',
    (stem) => {
      const run = (isCheckpointing: boolean) => {
        const backbone = create(kind, { ...withoutZeroInit(kind) });
        const gradients = tidy(() => {
          using generator = new Generator(3);
          using _checkpointing = isCheckpointing ? activationCheckpointing() : null;
          const features = backbone.forward(randn([2, 3, 64, 32], { dtype: 'float32', generator }), { stem });
          features
            .map((feature) => feature.mul(randn(feature.shape, { dtype: 'float32', generator })).mean())
            .reduce((sum, term) => sum.add(term))
            .backward();
          return [...backbone.namedParameters()].map(([name, { grad }]) => [name, grad?.norm().item()]);
        });
        const buffers = [...backbone.namedBuffers().values()].map((buffer) => valuesOf(buffer));
        backbone.dispose();
        return { gradients, buffers };
      };
      const expected = run(false);
      const received = run(true);
      expect(expected.gradients.every(([, norm]) => Number(norm) > 0)).toBe(true);
      expect(received).toEqual(expected);
    },
  );
});

describe('sizes', () => {
  // torchvision's counts without the classifier; the deep stem has 19 232 more.
  test.each([
    ['resnet18', 11_176_512],
    ['resnet34', 21_284_672],
    ['resnet50', 23_508_032],
    ['resnet101', 42_500_160],
  ])('%s has %i parameters', (kind, count) => {
    for (const [stem, more] of [
      ['torchvision', 0],
      ['deep', 19_232],
    ] as const) {
      const backbone = create(kind, { stem });
      expect(backbone.parameters().reduce((sum, { numel }) => sum + numel, 0)).toBe(count + more);
      backbone.dispose();
    }
  });
});

describe('sizes of MobileNets', () => {
  // torchvision's counts without the classifier, and without the last convolution of MobileNetV2.
  test.each([
    ['mobilenet_v2', 3_504_872 - (1280 * 1000 + 1000) - (320 * 1280 + 2 * 1280)],
    ['mobilenet_v3_large', 5_483_032 - (960 * 1280 + 1280) - (1280 * 1000 + 1000)],
  ])('%s has %i parameters', (kind, count) => {
    const backbone = create(kind, {});
    expect(backbone.parameters().reduce((sum, { numel }) => sum + numel, 0)).toBe(count);
    backbone.dispose();
  });
});

describe('first values', () => {
  test('follow from the seed alone', () => {
    const [one, same, other] = [1, 1, 2].map((seed) => create('resnet18', {}, seed));
    tidy(() => {
      const [first, second, third] = [one, same, other].map(
        (backbone) => backbone?.namedParameters().get('stage3.0.conv2.weight') as Tensor,
      );
      expect(second).toBeAllclose(first);
      expect(third).not.toBeAllclose(first);
    });
    for (const backbone of [one, same, other]) backbone?.dispose();
  });

  test('convolutions: normal with variance 2 / fan-out; blocks start as the identity', () => {
    const backbone = create('resnet18', {});
    const parameters = backbone.namedParameters();
    const weight = valuesOf(parameters.get('stage4.1.conv1.weight'));
    const variance = weight.reduce((sum, value) => sum + value * value, 0) / weight.length;
    expect(variance * ((512 * 9) / 2)).toBeCloseTo(1, 2);
    expect(new Set(valuesOf(parameters.get('stage2.0.bn1.weight')))).toEqual(new Set([1]));
    expect(new Set(valuesOf(parameters.get('stage2.0.bn2.weight')))).toEqual(new Set([0]));
    backbone.dispose();
  });
});

test('an option that no backbone has is refused', () => {
  expect(() => create('resnet18', { outputStride: 4 })).toThrow(/outputStride/);
  expect(() => create('resnet18', { depth: 18 })).toThrow(/depth/);
});
