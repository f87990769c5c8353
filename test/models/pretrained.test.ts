/** Loads ImageNet weights from files with torchvision's and mmsegmentation's exact names and shapes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSegmentor, loadBackboneWeights, ResNet } from 'coarsely/models';
import {
  Generator,
  scope,
  setThreads,
  type Tensor,
  tensorFrom,
  tidy,
  writeSafetensors,
  zeros,
} from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withImageChannels } from '#models/pretrained/image-channels.js';
import { values } from './deterministic-values.js';

const golden = JSON.parse(readFileSync(new URL('./networks-golden.json', import.meta.url), 'utf8')) as Record<
  'resnet18, output stride 32' | 'resnet50, output stride 8',
  { readonly shapes: Record<string, string> }
>;

/** Lists names and shapes of torchvision 0.14's `resnet18().state_dict()` and `resnet50().state_dict()`. */
const torchvision = {
  18: shapesOf(golden['resnet18, output stride 32'].shapes),
  50: shapesOf(golden['resnet50, output stride 8'].shapes),
};

/** Lists the stem of open-mmlab's `resnet*_v1c` files, whose other names are torchvision's. */
const deepStem: [string, number[]][] = [
  ['stem.0.weight', [32, 3, 3, 3]],
  ...norm('stem.1', 32),
  ['stem.3.weight', [32, 32, 3, 3]],
  ...norm('stem.4', 32),
  ['stem.6.weight', [64, 32, 3, 3]],
  ...norm('stem.7', 64),
];

function norm(name: string, channels: number): [string, number[]][] {
  const vectors = ['weight', 'bias', 'running_mean', 'running_var'].map((part): [string, number[]] => [
    `${name}.${part}`,
    [channels],
  ]);
  return [...vectors, [`${name}.num_batches_tracked`, []]];
}

function shapesOf(shapes: Record<string, string>): [string, number[]][] {
  return Object.entries(shapes).map(([name, shape]) => [
    name,
    shape === '' ? [] : shape.split('x').map(Number),
  ]);
}

function v1c(depth: 18 | 50): [string, number[]][] {
  return [...deepStem, ...torchvision[depth].filter(([name]) => !/^(conv1|bn1)\./.test(name))];
}

setThreads(1);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coarsely-weights-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(shapes: readonly (readonly [string, number[]])[]): string {
  const path = join(folder, 'weights.safetensors');
  tidy(() => {
    const tensors = shapes.map(([name, shape]): [string, Tensor] => [
      name,
      name.endsWith('num_batches_tracked')
        ? zeros(shape, { dtype: 'int64' })
        : values(name.replace('backbone.', ''), shape),
    ]);
    writeSafetensors(path, new Map(tensors));
  });
  return path;
}

function expectLoaded(backbone: ResNet): void {
  tidy(() => {
    for (const [name, tensor] of backbone.stateDict()) {
      const expected = values(backbone.publishedName(name), tensor.shape);
      expect(tensor, name).toBeAllclose(expected);
    }
  });
}

describe('weights that fit', () => {
  test.each([
    { from: 'torchvision', stem: 'torchvision', depth: 18, shapes: torchvision[18] },
    { from: 'torchvision', stem: 'torchvision', depth: 50, shapes: torchvision[50] },
    { from: 'mmsegmentation', stem: 'deep', depth: 18, shapes: v1c(18) },
    { from: 'mmsegmentation', stem: 'deep', depth: 50, shapes: v1c(50) },
  ] as const)(
    'ResNet-$depth of $from: every name is used or said to be unused',
    ({ stem, depth, shapes }) => {
      using generator = new Generator(3);
      const backbone = new ResNet(depth, { stem, generator });
      const report = loadBackboneWeights(backbone, write(shapes));
      expect(report.loaded).toEqual([...backbone.stateDict().keys()]);
      expect(report.missing).toEqual([]);
      expect(report.unexpected).toEqual([]);
      expect(report.unused.filter((name) => !name.endsWith('num_batches_tracked'))).toEqual([
        'fc.weight',
        'fc.bias',
      ]);
      expect(report.loaded.length + report.unused.length).toBe(shapes.length);
      expectLoaded(backbone);
      backbone.dispose();
    },
  );

  test('the backbone of a whole segmentor, whose head is reported as unexpected', () => {
    using generator = new Generator(3);
    const backbone = new ResNet(18, { generator });
    const inside = v1c(18).map(([name, shape]): [string, number[]] => [`backbone.${name}`, shape]);
    const path = write([...inside, ['decode_head.conv_seg.weight', [4, 8, 1, 1]]]);
    expect(loadBackboneWeights(backbone, path).unexpected).toEqual(['decode_head.conv_seg.weight']);
    expectLoaded(backbone);
    backbone.dispose();
  });

  test('a config names the file', () => {
    using generator = new Generator(3);
    const weights = write(v1c(18));
    const segmentor = createSegmentor(
      { backbone: { kind: 'resnet18', weights }, head: { kind: 'fcn' }, auxiliary: null },
      { classCount: 2, generator },
    );
    expectLoaded(segmentor.backbone as ResNet);
    segmentor.dispose();
  });
});

describe('weights of a network for RGB, in one for images of other channels', () => {
  const rgbWeights = [1, 2, 6]; // for every filter and place

  test.each([
    [4, [1, 2, 6, 3]],
    [5, [1, 2, 6, 3, 3]],
    [1, [9]],
    [2, [9, 3]],
  ])('%i channels: the first keep their weights, others begin with the mean', (channels, expected) => {
    const weights = tidy(() =>
      withImageChannels(
        tensorFrom(Float32Array.of(...rgbWeights, ...rgbWeights), { dtype: 'float32', shape: [2, 3, 1, 1] }),
        [2, channels, 1, 1],
      ),
    );
    expect([...(weights?.toTypedArray() ?? [])]).toEqual([...expected, ...expected]);
    weights?.dispose();
  });

  test('another difference of shapes is none of channels', () => {
    using _temporaries = scope();
    const weights = zeros([2, 3, 3, 3], { dtype: 'float32' });
    expect(withImageChannels(weights, [2, 3, 3, 3])).toBe(weights);
    for (const shape of [
      [4, 4, 3, 3],
      [2, 4, 1, 1],
      [2, 4],
      [2, 3, 7, 7],
    ]) {
      expect(withImageChannels(weights, shape)).toBeNull();
    }
    expect(withImageChannels(zeros([2, 8, 3, 3], { dtype: 'float32' }), [2, 4, 3, 3])).toBeNull();
  });

  test('load into the stem of a config', () => {
    using generator = new Generator(3);
    const segmentor = createSegmentor(
      { backbone: { kind: 'resnet18', weights: write(v1c(18)) }, head: { kind: 'fcn' }, auxiliary: null },
      { classCount: 2, imageChannels: 4, generator },
    );
    const reference = new ResNet(18, { generator });
    loadBackboneWeights(reference, write(v1c(18)));
    const name = 'stem.0.conv.weight';
    using _temporaries = scope();
    const own = segmentor.backbone.stateDict().get(name) as Tensor;
    const rgb = reference.stateDict().get(name) as Tensor;
    expect(own.shape).toEqual([32, 4, 3, 3]);
    expect(own.narrow(1, 0, 3)).toBeAllclose(rgb);
    expect(own.narrow(1, 3, 1)).toBeAllclose(rgb.mean(1, { keepDim: true }));
    reference.dispose();
    segmentor.dispose();
  });
});

describe('weights that do not fit', () => {
  test('the other stem: the file is named for what it is, with what to write', () => {
    using generator = new Generator(3);
    const backbone = new ResNet(18, { stem: 'deep', generator });
    const path = write(torchvision[18]);
    const expected = expect.objectContaining({
      code: 'checkpoint',
      message:
        `${path}: holds resnet18 with torchvision's stem, but the backbone is resnet18 with the deep stem; ` +
        'write model.backbone: { kind: resnet18, stem: torchvision }, or give other weights',
    });
    expect(() => loadBackboneWeights(backbone, path)).toThrow(expected);
    const section = { backbone: { kind: 'resnet18', weights: path }, head: { kind: 'fcn' }, auxiliary: null };
    expect(() => createSegmentor(section, { classCount: 2, generator })).toThrow(expected);
    const report = loadBackboneWeights(backbone, path, { strict: false });
    expect(report.missing).toEqual(
      deepStem.map(([name]) => name).filter((name) => !name.endsWith('tracked')),
    );
    expect(report.unexpected).toEqual([
      'conv1.weight',
      'bn1.weight',
      'bn1.bias',
      'bn1.running_mean',
      'bn1.running_var',
    ]);
    backbone.dispose();
  });

  test('another depth inside a whole network, whose classes are counted', () => {
    using generator = new Generator(3);
    const backbone = new ResNet(18, { generator });
    const inside = v1c(50).map(([name, shape]): [string, number[]] => [`backbone.${name}`, shape]);
    const path = write([...inside, ['decode_head.conv_seg.weight', [19, 8, 1, 1]]]);
    expect(() => loadBackboneWeights(backbone, path)).toThrow(
      `${path}: holds resnet50 with the deep stem (a whole segmentation network with 19 classes, which model.weights ` +
        'starts from), but the backbone is resnet18 with the deep stem; write model.backbone: { kind: resnet50, stem: deep }',
    );
    backbone.dispose();
  });

  test('a wrong shape names file, tensor, expected and received, and changes nothing', () => {
    using generator = new Generator(3);
    const backbone = new ResNet(18, { stem: 'torchvision', generator });
    const before = backbone.stateDict().get('stem.0.conv.weight')?.toTypedArray();
    const shapes = torchvision[18].map(([name, shape]): [string, number[]] =>
      name === 'layer4.1.bn2.bias' ? [name, [7]] : [name, shape],
    );
    const path = write(shapes);
    expect(() => loadBackboneWeights(backbone, path)).toThrow(
      `${path}: layer4.1.bn2.bias: expected shape [512], received [7]`,
    );
    expect(backbone.stateDict().get('stem.0.conv.weight')?.toTypedArray()).toEqual(before);
    backbone.dispose();
  });
});
