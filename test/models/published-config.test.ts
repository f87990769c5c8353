/** Configs of mmsegmentation are read without running them, and what is not supported is refused by its name. */
import { describe, expect, test } from 'vitest';
import { readPublishedConfig } from '#models/pretrained/config/published-config.js';
import { readPythonAssignments } from '#models/pretrained/config/python-values.js';
import { publishedReading } from '#models/pretrained/published-reading.js';

const backbone =
  "type='ResNetV1c', depth=50, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), contract_dilation=True";
const head = "type='DepthwiseSeparableASPPHead', in_index=3, channels=512, dilations=(1, 12, 24, 36)";
const normalize =
  'dict(type="Normalize", mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)';

const mobileNet = "type='MobileNetV2', widen_factor=1.0";

interface Parts {
  readonly backbone?: string;
  readonly head?: string;
  readonly model?: string;
  readonly steps?: string;
  readonly rest?: string;
}

function text({ model = '', steps = normalize, rest = '', ...parts }: Parts = {}): string {
  return `
model = dict(type='EncoderDecoder', backbone=dict(${parts.backbone ?? backbone}),
             decode_head=dict(${parts.head ?? head})${model})
data = dict(test=dict(type='CityscapesDataset', pipeline=[dict(type='LoadImageFromFile'), ${steps}]))
${rest}`;
}

function read(config: unknown) {
  return readPublishedConfig(new Map([['config', config]]), 'x.pth');
}

describe('Python values', () => {
  test('of every kind', () => {
    const values = readPythonAssignments(`'''A doc
string.'''
# a comment
size = 512  # another
a = dict(b=(1, -2.5, 1e-3), c=[True, False, None], d={'x y': 1, 'e': ()}, f=(3), g=(3,),
         **dict(h='it\\'s', i="two " 'parts'))
b = size * 2 + 1
c = a
d = r'raw\\n'
e = tuple([1, 2])
f = 0x1F
g = float('inf')
`);
    expect(values.get('a')).toEqual(
      new Map<string, unknown>([
        ['b', [1, -2.5, 0.001]],
        ['c', [true, false, null]],
        [
          'd',
          new Map<string, unknown>([
            ['x y', 1],
            ['e', []],
          ]),
        ],
        ['f', 3],
        ['g', [3]],
        ['h', "it's"],
        ['i', 'two parts'],
      ]),
    );
    expect(values.get('b')).toBe(1025);
    expect(values.get('c')).toBe(values.get('a'));
    expect(values.get('d')).toBe('raw\\n');
    expect(values.get('e')).toEqual([1, 2]);
    expect([values.get('f'), values.get('g')]).toEqual([31, Number.POSITIVE_INFINITY]);
  });

  test.each([
    ['import os', /^line 1: 'import' runs other code$/],
    ['a = 1\nb = open("x")', /^line 2: a call of 'open' is not run$/],
    ['a = [x for x in b]', /^line 1: 'x' was not assigned before$/],
    ['a = __import__("os")', /^line 1: a call of '__import__' is not run$/],
    ['a = dict(b=1', /^line 1: expected ','/],
    ['a = "open', /^line 1: '"' is no part of a plain value$/],
    ['a.b = 1', /^line 1: expected '=', found '\.'$/],
    ['a = 1 if True else 2', /^line 1: expected a newline, found 'if'$/],
    ['a = lambda: 1', /^line 1: 'lambda' was not assigned before$/],
    [`a = ${'['.repeat(100)}${']'.repeat(100)}`, /nested more than 64 deep/],
  ])('%s is refused with its line', (config, message) => {
    expect(() => readPythonAssignments(config)).toThrow(message);
    expect(() => read(config)).toThrow(/^x\.pth: its config is not made of plain values \(line \d+: /);
  });
});

describe('a config', () => {
  test('with the usual values leaves all options at their defaults', () => {
    const config = read(text());
    expect(config?.model).toEqual({ backbone: { outputStride: 8 }, head: {}, alignCorners: false });
    expect(config?.inference).toEqual({
      mode: 'whole',
      cropSize: null,
      stride: null,
      baseSize: null,
      scales: [1],
      flip: false,
    });
  });

  test("takes mmsegmentation's defaults for what it does not say", () => {
    const config = read(
      text({ backbone: "type='ResNetV1c', depth=50", head: "type='DepthwiseSeparableASPPHead'" }),
    );
    // Strides (1, 2, 2, 2), no dilation, and a pyramid of 6, 12, 18.
    expect(config?.model).toEqual({
      backbone: { outputStride: 32 },
      head: { dilations: [6, 12, 18] },
      alignCorners: false,
    });
  });

  test('says everything that leaves no trace in tensors', () => {
    const config = read(
      text({
        backbone:
          "type='ResNet', depth=101, strides=(1, 2, 1, 1), dilations=(1, 1, 1, 3), style='caffe', norm_eval=True",
        head: "type='DepthwiseSeparableASPPHead', in_index=-1, dilations=(1, 6, 12, 18), align_corners=True",
        steps:
          'dict(type="MultiScaleFlipAug", img_scale=(2049, 1025), img_ratios=[0.5, 1.0], flip=True, transforms=[' +
          'dict(type="Resize", keep_ratio=True), dict(type="RandomFlip"), ' +
          'dict(type="Normalize", mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0], to_rgb=False)])',
        rest: "test_cfg = dict(mode='slide', crop_size=(769, 513), stride=(513, 300))\ntrain_pipeline = [dict(type='LoadAnnotations', reduce_zero_label=True)]",
      }),
    );
    expect(config).toEqual({
      model: {
        backbone: {
          outputStride: 8,
          dilations: [1, 1, 1, 3],
          contractDilation: false,
          style: 'caffe',
          normEval: true,
        },
        head: { dilations: [6, 12, 18] },
        alignCorners: true,
      },
      normalization: { mean: [1, 2, 3], std: [4, 5, 6], channelOrder: 'bgr' },
      inference: {
        mode: 'slide',
        cropSize: [769, 513],
        stride: [513, 300],
        baseSize: [2049, 1025],
        scales: [0.5, 1],
        flip: true,
      },
      reduceZeroLabel: true,
    });
  });

  test.each([
    ['', { outputStride: 32 }],
    [
      ', strides=(1, 2, 2, 1, 1, 1, 1), dilations=(1, 1, 1, 2, 2, 4, 4), out_indices=(1, 2, 4, 6)',
      { outputStride: 8 },
    ],
    [
      ", strides=(1, 2, 2, 2, 1, 1, 1), dilations=(1, 1, 1, 1, 1, 3, 3), act_cfg=dict(type='ReLU6'), norm_eval=True",
      { outputStride: 16, dilations: [1, 1, 1, 3], normEval: true },
    ],
  ])('of a MobileNetV2%s', (more, expected) => {
    expect(read(text({ backbone: `${mobileNet}${more}` }))?.model.backbone).toEqual(expected);
  });

  test.each<[string, Parts, string]>([
    ['another network', { backbone: "type='ResNetV1d'" }, "model.backbone.type='ResNetV1d'"],
    ['another head', { head: "type='UPerHead'" }, "model.decode_head.type='UPerHead'"],
    ['a neck', { model: ", neck=dict(type='FPN')" }, "model.neck=dict(type='FPN')"],
    ['multi-grid', { backbone: `${backbone}, multi_grid=(1, 2, 4)` }, 'model.backbone.multi_grid=(1, 2, 4)'],
    ['a key that nobody knows', { backbone: `${backbone}, gelu=True` }, 'model.backbone.gelu=True'],
    [
      'deformable convolutions',
      { backbone: `${backbone}, dcn=dict(type='DCN')` },
      "model.backbone.dcn=dict(type='DCN')",
    ],
    [
      'fewer stages',
      { backbone: `${backbone}, out_indices=(0, 1, 2)` },
      'model.backbone.out_indices=(0, 1, 2)',
    ],
    [
      'group normalization',
      { head: `${head}, norm_cfg=dict(type='GN', num_groups=32)` },
      "norm_cfg.type='GN'",
    ],
    [
      'another epsilon',
      { backbone: `${backbone}, norm_cfg=dict(type='BN', eps=0.001)` },
      'norm_cfg.eps=0.001',
    ],
    ['another activation', { head: `${head}, act_cfg=dict(type='GELU')` }, "act_cfg.type='GELU'"],
    [
      'a pyramid without its first',
      { head: "type='DepthwiseSeparableASPPHead', dilations=(6, 12)" },
      'dilations=(6, 12)',
    ],
    ['text for a number', { backbone: `${backbone.replace('(1, 1, 2, 4)', "'1124'")}` }, "dilations='1124'"],
    ['a MobileNetV3', { backbone: "type='MobileNetV3'" }, "model.backbone.type='MobileNetV3'"],
    [
      'other strides of a MobileNetV2',
      { backbone: `${mobileNet}, strides=(1, 2, 1, 1, 1, 1, 1)` },
      'model.backbone.strides=(1, 2, 1, 1, 1, 1, 1)',
    ],
    [
      'dilations that change within a stage of a MobileNetV2',
      { backbone: `${mobileNet}, dilations=(1, 1, 1, 1, 2, 1, 1)` },
      'model.backbone.dilations=(1, 1, 1, 1, 2, 1, 1)',
    ],
    [
      'other outputs of a MobileNetV2',
      { backbone: `${mobileNet}, out_indices=(0, 1, 2, 3)` },
      'model.backbone.out_indices=(0, 1, 2, 3)',
    ],
    [
      'another activation of a MobileNetV2',
      { backbone: `${mobileNet}, act_cfg=dict(type='ReLU')` },
      "model.backbone.act_cfg.type='ReLU'",
    ],
    ['a stretched image', { steps: 'dict(type="Resize", keep_ratio=False)' }, 'keep_ratio=False'],
    ['padding', { steps: 'dict(type="Pad", size_divisor=32)' }, "type='Pad'"],
    ['another test', { model: ", test_cfg=dict(mode='crop')" }, "model.test_cfg.mode='crop'"],
    [
      'padding in 1.x',
      {
        model: ', data_preprocessor=dict(test_cfg=dict(size_divisor=32))',
        steps: 'dict(type="PackSegInputs")',
      },
      'data_preprocessor.test_cfg=dict(size_divisor=32)',
    ],
  ])('with %s is refused by key and value', (_, parts, named) => {
    expect(() => read(text(parts))).toThrow(
      expect.objectContaining({ code: 'checkpoint', message: expect.stringContaining(named) }),
    );
    expect(() => read(text(parts))).toThrow(
      /^x\.pth: its config has [^\n]+ may change what the network computes; /,
    );
  });
});

describe('what a person states', () => {
  const meta = new Map([['config', text()]]);

  test('wins over the config', () => {
    const reading = publishedReading(meta, {
      path: 'x.pth',
      backboneKind: 'resnet50',
      outputStride: 16,
      contractDilation: false,
      style: 'caffe',
      asppDilations: [2, 4],
      alignCorners: true,
      channelOrder: 'bgr',
    });
    expect(reading).toMatchObject({
      backbone: { outputStride: 16, contractDilation: false, style: 'caffe' },
      head: { dilations: [2, 4] },
      alignCorners: true,
      normalization: { channelOrder: 'bgr' },
      assumption: null,
    });
  });

  test('without a config, the rest is assumed and named with its option', () => {
    const options = { path: 'x.pth', alignCorners: true };
    const { backbone, assumption } = publishedReading(new Map(), { ...options, backboneKind: 'resnet50' });
    expect(backbone).toEqual({ outputStride: 8 });
    expect(assumption).toBe(
      'has no config that is read, so these were assumed: output stride 8 (--output-stride); the usual dilations of ' +
        'its pyramid (--aspp-dilations); half the dilation in the first block of a stage (--no-contract-dilation); ' +
        "blocks of PyTorch's style (--style); ImageNet's mean and deviation of red, green and blue (--mean, --std, --bgr)",
    );
    // What is said of residual blocks alone is not assumed of others.
    expect(publishedReading(new Map(), { ...options, backboneKind: 'mobilenet_v2' }).assumption).toBe(
      'has no config that is read, so these were assumed: output stride 8 (--output-stride); the usual dilations of ' +
        "its pyramid (--aspp-dilations); ImageNet's mean and deviation of red, green and blue (--mean, --std, --bgr)",
    );
  });

  test('a config that cannot be read is left out on request', () => {
    const damaged = new Map([['config', 'import os']]);
    const options = { path: 'x.pth', backboneKind: 'resnet50' };
    expect(() => publishedReading(damaged, options)).toThrow('--ignore-config');
    expect(publishedReading(damaged, { ...options, ignoreConfig: true }).backbone.outputStride).toBe(8);
  });
});
