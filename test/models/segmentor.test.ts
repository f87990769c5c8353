/** Holds every registered head to its contract, and checks sizes, precision and placement of segmentors. */
import {
  type Backbone,
  createSegmentor,
  FcnHead,
  type Features,
  heads,
  ResNet,
  Segmentor,
} from 'coarsely/models';
import { autocast, Generator, noGrad, randn, setThreads, tidy } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { narrowHead } from './narrow-heads.js';

setThreads(1);

const section = {
  backbone: { kind: 'resnet18' },
  head: { kind: 'deeplabv3plus' },
  auxiliary: { channels: 32 },
};

function count(parameters: readonly { readonly numel: number }[]): number {
  return parameters.reduce((sum, { numel }) => sum + numel, 0);
}

describe.each(heads.kinds())('head %s', (kind) => {
  test('logits and features belong together, and a gradient reaches every parameter', () => {
    using generator = new Generator(1);
    const component = heads.get(kind);
    const backbone = { channels: [8, 12, 16, 24], stemChannels: 4, outputStride: 16 } as const;
    const head = component.create(component.options.parse(narrowHead(kind, 16)), {
      backbone,
      classCount: 5,
      generator,
    });
    tidy(() => {
      const [stage1, stage2, stage3, stage4] = ([16, 8, 4, 4] as const).map((size, stage) =>
        randn([3, backbone.channels[stage] as number, size, size], { dtype: 'float32', generator }),
      );
      if (!stage1 || !stage2 || !stage3 || !stage4) throw new Error('expected four stages');
      const stem = randn([3, backbone.stemChannels, 32, 32], { dtype: 'float32', generator });
      const stages = [stage1, stage2, stage3, stage4] as const;
      const { logitsNCHW, featuresNCHW } = head.forward(head.needsStem ? [...stages, stem] : stages);
      const [n, classes, h, w] = logitsNCHW.shape;
      expect([n, classes]).toEqual([3, 5]);
      expect(featuresNCHW.shape).toEqual([3, head.channels, h, w]);
      logitsNCHW
        .mul(randn(logitsNCHW.shape, { dtype: 'float32', generator }))
        .mean()
        .backward();
      for (const [name, parameter] of head.namedParameters()) {
        expect(parameter.grad?.norm().item() ?? 0, name).toBeGreaterThan(0);
        parameter.zeroGrad_();
      }
    });
    head.dispose();
  });
});

describe('DeepLabv3+', () => {
  test("on ResNet-50 with 19 classes it is as large as mmsegmentation's", () => {
    using generator = new Generator(1);
    const segmentor = createSegmentor(
      { ...section, backbone: { kind: 'resnet50', outputStride: 8 }, auxiliary: { channels: 256 } },
      { classCount: 19, generator },
    );
    expect(count(segmentor.head.parameters())).toBe(17_697_923);
    // 3×3 convolution 1024 to 256, its normalization, and the classifier with bias.
    expect(count(segmentor.auxiliary?.parameters() ?? [])).toBe(1024 * 256 * 9 + 512 + 256 * 19 + 19);
    expect(count(segmentor.parameters())).toBe(17_697_923 + 2_364_691 + 23_508_032 + 19_232);
    segmentor.dispose();
  });

  test('has 512 channels, and 256 on the narrow backbones', () => {
    using generator = new Generator(1);
    for (const kind of ['resnet18', 'mobilenet_v2', 'mobilenet_v3_large']) {
      const narrow = createSegmentor({ ...section, backbone: { kind } }, { classCount: 2, generator });
      expect(narrow.head.channels).toBe(256);
      narrow.dispose();
    }
    const wide = createSegmentor(
      { ...section, backbone: { kind: 'resnet50' } },
      { classCount: 2, generator },
    );
    expect(wide.head.channels).toBe(512);
    wide.dispose();
  });
});

describe('a segmentor', () => {
  test('gives logits at the size of the images, odd sizes included, and the auxiliary ones in training only', () => {
    using generator = new Generator(1);
    const segmentor = createSegmentor(section, { classCount: 3, generator });
    tidy(() =>
      noGrad(() => {
        const images = randn([2, 3, 65, 83], { dtype: 'float32', generator });
        const training = segmentor.forward(images);
        expect(training.logitsNCHW.shape).toEqual([2, 3, 65, 83]);
        expect(training.auxiliaryLogitsNCHW?.shape).toEqual([2, 3, 65, 83]);
        expect(segmentor.forwardLogits(images).logitsNCHW.shape).toEqual([2, 3, 17, 21]);
        const evaluation = segmentor.eval().forward(images);
        expect(evaluation.logitsNCHW.shape).toEqual([2, 3, 65, 83]);
        expect(evaluation.auxiliaryLogitsNCHW).toBeNull();
      }),
    );
    segmentor.dispose();
  });

  test.each([
    ['head', [true, true]],
    ['auxiliary', [true, false]],
    ['neither', [false, false]],
  ] as const)(
    'gives the feature of the stem where %s needs it, in training and evaluation',
    (reader, expected) => {
      using generator = new Generator(1);
      const backbone = new ResNet(18, { generator });
      const given: boolean[] = [];
      class Recording extends FcnHead {
        readonly needsStem: boolean;
        constructor(needsStem: boolean) {
          super({ backbone, classCount: 3, generator });
          this.needsStem = needsStem;
        }
        override forward(features: Features) {
          given.push(features[4] !== undefined);
          expect(features[4]?.shape ?? [2, 64, 16, 32]).toEqual([2, backbone.stemChannels, 16, 32]);
          return super.forward(features);
        }
      }
      const segmentor = new Segmentor({
        backbone,
        head: new Recording(reader === 'head'),
        auxiliary: new Recording(reader === 'auxiliary'),
      });
      tidy(() =>
        noGrad(() => {
          const images = randn([2, 3, 32, 64], { dtype: 'float32', generator });
          segmentor.forward(images);
          segmentor.eval().forward(images);
        }),
      );
      // Head and auxiliary head in training, the head alone in evaluation.
      expect(given).toEqual([expected[0], expected[0], expected[1]]);
      segmentor.dispose();
    },
  );

  test('refuses a head that needs the stem on a backbone that has none', () => {
    using generator = new Generator(1);
    const withStem: Backbone = new ResNet(18, { generator });
    const backbone = Object.assign(withStem, { stemChannels: undefined });
    const head = Object.assign(new FcnHead({ backbone, classCount: 2, generator }), { needsStem: true });
    expect(() => new Segmentor({ backbone, head })).toThrow(/expected a backbone with stemChannels/);
    backbone.dispose();
    head.dispose();
  });

  test('names its parameters by their place', () => {
    using generator = new Generator(1);
    const segmentor = createSegmentor(section, { classCount: 3, generator });
    const names = [...segmentor.stateDict().keys()];
    expect(names).toEqual(
      expect.arrayContaining([
        'backbone.stem.0.conv.weight',
        'backbone.stage3.0.conv2.weight',
        'backbone.stage3.0.downsample.1.running_var',
        'head.branches.2.pointwise.bn.bias',
        'head.classifier.bias',
        'auxiliary.conv.conv.weight',
      ]),
    );
    expect(new Set(names).size).toBe(names.length);
    segmentor.dispose();
  });

  test.each([
    { backbone: 'resnet18', rounding: 0.2, kind: 'deeplabv3plus', dropout: 0 },
    { backbone: 'resnet18', rounding: 0.2, kind: 'ocr', dropout: 0, regionDropout: 0 },
    // Without trained weights MobileNets amplify rounding: the last features of PyTorch's MobileNetV2 differ by 0.59.
    { backbone: 'mobilenet_v2', rounding: 0.8, kind: 'deeplabv3plus', dropout: 0 },
    { backbone: 'mobilenet_v3_large', rounding: 0.4, kind: 'deeplabv3plus', dropout: 0 },
  ])(
    'runs $kind on $backbone channels-last in bfloat16 without leaving that layout, close to float32',
    ({ backbone: kind, rounding, ...head }) => {
      using generator = new Generator(1);
      const segmentor = createSegmentor(
        { ...section, backbone: { kind }, head },
        { classCount: 3, generator },
      ).to({ memoryFormat: 'channels-last' });
      tidy(() => {
        const images = randn([2, 3, 64, 64], { dtype: 'float32', generator }).contiguous({
          memoryFormat: 'channels-last',
        });
        const exact = noGrad(() => segmentor.forward(images).logitsNCHW);
        const logits = autocast({ dtype: 'bfloat16' }, () => {
          const features = segmentor.backbone.forward(images);
          for (const feature of features) {
            expect(feature.dtype).toBe('bfloat16');
            expect(feature.isContiguous('channels-last')).toBe(true);
          }
          expect(segmentor.head.forward(features).featuresNCHW.isContiguous('channels-last')).toBe(true);
          return segmentor.forward(images).logitsNCHW;
        });
        expect(logits.isContiguous('channels-last')).toBe(true);
        const difference = logits.to({ dtype: 'float32' }).sub(exact).norm().item();
        expect(difference / exact.norm().item()).toBeLessThan(rounding);
        logits.to({ dtype: 'float32' }).square().mean().backward();
        const weight = segmentor.namedParameters().get('backbone.stem.0.conv.weight');
        expect(weight?.grad?.dtype).toBe('float32');
        expect(weight?.grad?.norm().item()).toBeGreaterThan(0);
        for (const parameter of segmentor.parameters()) parameter.zeroGrad_();
      });
      segmentor.dispose();
    },
  );

  test('is the same object with the same parameters after it has been moved', () => {
    using generator = new Generator(1);
    const segmentor = createSegmentor(section, { classCount: 3, generator });
    const before = segmentor.parameters();
    segmentor.to({ dtype: 'float64', memoryFormat: 'channels-last' });
    expect(segmentor.parameters()).toEqual(before);
    expect(new Set(segmentor.parameters().map(({ dtype }) => dtype))).toEqual(new Set(['float64']));
    expect(segmentor.parameters().every(({ requiresGrad }) => requiresGrad)).toBe(true);
    segmentor.dispose();
  });

  test('takes parts of a person’s own', () => {
    using generator = new Generator(1);
    const whole = createSegmentor(section, { classCount: 3, generator });
    const own = new Segmentor({ backbone: whole.backbone, head: whole.head });
    tidy(() =>
      noGrad(() => {
        const { auxiliaryLogitsNCHW } = own.forward(randn([2, 3, 32, 32], { dtype: 'float32', generator }));
        expect(auxiliaryLogitsNCHW).toBeNull();
      }),
    );
    whole.dispose();
  });

  test('an unknown kind is refused with the nearest one', () => {
    using generator = new Generator(1);
    const create = (parts: Partial<typeof section>) =>
      createSegmentor({ ...section, ...parts }, { classCount: 3, generator });
    expect(() => create({ backbone: { kind: 'resnet17' } })).toThrow(
      /unknown backbone 'resnet17'; did you mean/,
    );
    expect(() => create({ head: { kind: 'deeplabv3' } })).toThrow(/unknown head 'deeplabv3'; did you mean/);
  });
});
