/** Loads whole published checkpoints: every tensor has its place, and errors name what does not fit. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPublishedSegmentor } from 'coarsely/models';
import {
  full,
  noGrad,
  readStateDict,
  type StateDictContents,
  setThreads,
  type Tensor,
  tidy,
  writeSafetensors,
  zeros,
} from 'coarsely/torch';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPublishedSegmentor } from '#models/pretrained/published-segmentor.js';
import { images } from './deterministic-values.js';
import { checkpointOf, type NamedShape } from './published-names.js';

/** Describes a checkpoint as published-checkpoint.py writes it. */
const fixture = join(import.meta.dirname, 'fixtures', 'deeplabv3plus-r18.pth');

setThreads(1);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coarsely-published-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a file as mmsegmentation writes it', () => {
  test('says what network it is of, what its classes are, and predicts', () => {
    const published = loadPublishedSegmentor(fixture);
    if (published === null) throw new Error('expected a network');
    expect(published.section).toEqual({
      backbone: { kind: 'resnet18', outputStride: 16 },
      head: { kind: 'deeplabv3plus', channels: 128, lowLevelChannels: 12 },
      auxiliary: { channels: 64 },
    });
    expect(published.classCount).toBe(3);
    expect(published.classes).toEqual([
      { name: 'road', color: [128, 64, 128] },
      { name: 'building', color: [70, 70, 70] },
      { name: 'car', color: [0, 0, 142] },
    ]);
    tidy(() =>
      noGrad(() => {
        const labels = published.segmentor
          .eval()
          .forward(images([1, 3, 40, 56]))
          .logitsNCHW.argmax(1);
        expect(labels.shape).toEqual([1, 40, 56]);
        expect([labels.min().item(), labels.max().item()]).toEqual([2, 2]);
      }),
    );
    published.segmentor.dispose();
  });

  test('an output stride that is asked for wins over that of the file', () => {
    const published = loadPublishedSegmentor(fixture, { outputStride: 8 });
    expect(published?.segmentor.backbone.outputStride).toBe(8);
    published?.segmentor.dispose();
  });

  test('weights of another kind are none', () => {
    const path = join(folder, 'own.safetensors');
    tidy(() => writeSafetensors(path, new Map([['head.classifier.bias', zeros([3], { dtype: 'float32' })]])));
    expect(loadPublishedSegmentor(path)).toBeNull();
  });

  test.each([0.1, 0.5, 0.99])('cut off at %d of its length it is damaged', (share) => {
    const bytes = readFileSync(fixture);
    const path = join(folder, 'half.pth');
    const file = openSync(path, 'w');
    writeSync(file, bytes, 0, Math.floor(bytes.length * share));
    closeSync(file);
    expect(() => loadPublishedSegmentor(path)).toThrow(
      expect.objectContaining({
        code: 'checkpoint',
        message: expect.stringMatching(/^.*half\.pth: [^\n]+$/),
      }),
    );
  });
});

describe('names and shapes as published', () => {
  test.each([
    ['resnet101_v1c', 'deeplabv3plus', 'resnet101'],
    ['resnet101_v1c', 'ocr', 'resnet101'],
    ['resnest101', 'deeplabv3plus', 'resnest101'],
    ['resnest50', 'ocr', 'resnest50'],
  ] as const)('%s with %s: every tensor of the file has one place', (backbone, head, kind) => {
    const shapes = checkpointOf(backbone, `${head}, 19 classes`);
    tidy(() =>
      noGrad(() => {
        const { segmentor, section, classCount } = createPublishedSegmentor(
          { tensors: numbered(shapes) },
          { path: 'x.pth' },
        );
        expect([section.backbone.kind, section.head.kind, classCount]).toEqual([kind, head, 19]);
        const places = [...segmentor.stateDict().values()].map((tensor) => {
          const [low, high] = [tensor.min().item(), tensor.max().item()];
          expect(low).toBe(high);
          return low;
        });
        const expected = shapes.flatMap(([name], index) => (name.endsWith('tracked') ? [] : [index]));
        expect(places.sort((a, b) => a - b)).toEqual(expected);
        segmentor.dispose();
      }),
    );
  });

  /** Creates tensors, of which number i holds i everywhere. */
  function numbered(shapes: readonly NamedShape[]): Map<string, Tensor> {
    return new Map(
      shapes.map(([name, shape], index) => [
        name,
        full([1], { value: index, dtype: 'float32' })
          .reshape(shape.map(() => 1))
          .expand(shape),
      ]),
    );
  }
});

let read: StateDictContents;
beforeAll(() => {
  read = readStateDict(fixture);
});
afterAll(() => {
  for (const tensor of read.tensors.values()) tensor.dispose();
});

test("with torchvision's stem of one 7×7 convolution", () => {
  tidy(() => {
    const plain = [...read.tensors].filter(([name]) => !name.startsWith('backbone.stem.'));
    const norm = ['weight', 'bias', 'running_mean', 'running_var'].map(
      (part) => [`backbone.bn1.${part}`, zeros([64], { dtype: 'float32' })] as const,
    );
    const convolution = ['backbone.conv1.weight', zeros([64, 3, 7, 7], { dtype: 'float32' })] as const;
    const { segmentor, section, classes } = createPublishedSegmentor(
      { tensors: new Map([convolution, ...norm, ...plain]) },
      { path: 'x.pth' },
    );
    // Without meta: no names, and the output stride of most.
    expect(section.backbone).toEqual({ kind: 'resnet18', stem: 'torchvision', outputStride: 8 });
    expect(classes).toBeNull();
    segmentor.dispose();
  });
});

describe('what does not fit', () => {
  type Change = (tensors: Map<string, Tensor>, meta: Map<unknown, unknown>) => void;
  const drop =
    (pattern: RegExp): Change =>
    (tensors) => {
      for (const name of [...tensors.keys()]) if (pattern.test(name)) tensors.delete(name);
    };

  function changeConfig(meta: Map<unknown, unknown>, from: string, to: string): void {
    const config = String(meta.get('config'));
    expect(config).toContain(from);
    meta.set('config', config.replace(from, to));
  }

  test.each<[string, Change, RegExp]>([
    [
      'a missing tensor',
      drop(/^backbone\.layer3\.1\.bn2\.bias$/),
      /x\.pth: does not fit .*: missing backbone\.layer3\.1\.bn2\.bias; unexpected none$/,
    ],
    [
      'an unexpected tensor',
      (tensors) => tensors.set('decode_head.conv_more.weight', zeros([1], { dtype: 'float32' })),
      /missing none; unexpected decode_head\.conv_more\.weight$/,
    ],
    [
      'a wrong shape',
      (tensors) => tensors.set('backbone.layer1.0.bn1.weight', zeros([65], { dtype: 'float32' })),
      /^x\.pth: backbone\.layer1\.0\.bn1\.weight: expected shape \[64\], received \[65\]$/,
    ],
    [
      'a file without its classifier',
      drop(/conv_seg/),
      /^x\.pth: has no decode_head\.conv_seg\.weight; is the file complete\?$/,
    ],
    [
      'another head',
      drop(/sep_bottleneck/),
      /^x\.pth: the head is not known here: expected .*OCR, found parts conv_seg, image_pool, .*c1_bottleneck$/,
    ],
    [
      'another depth',
      drop(/^backbone\.layer2\.1\./),
      /^x\.pth: the backbone is not known here: expected one of resnet18, .*found 2-1-2-2 blocks \(basic\)$/,
    ],
    ['another backbone', drop(/^backbone\.layer/), /found parts stem$/],
    [
      'multi-grid dilation',
      (_, meta) => changeConfig(meta, 'contract_dilation=True', 'multi_grid=(1, 2, 4)'),
      /^x\.pth: its config has model\.backbone\.multi_grid=\(1, 2, 4\), which .* supported: None$/,
    ],
    [
      'an output stride of 4',
      (_, meta) => changeConfig(meta, 'strides=(1, 2, 2, 1)', 'strides=(1, 1, 1, 1)'),
      /^x\.pth: has an output stride of 4 \(model\.backbone\.strides=\(1, 1, 1, 1\)\); expected 8, 16 or 32$/,
    ],
    [
      'too few names',
      (_, meta) => meta.set('CLASSES', ['road', 'building']),
      /^x\.pth: has logits of 3 classes, but names 2 and colors 3$/,
    ],
  ])('%s', (_, change, message) => {
    tidy(() => {
      const changed = { tensors: new Map(read.tensors), meta: new Map(read.meta) };
      change(changed.tensors, changed.meta);
      expect(() => createPublishedSegmentor(changed, { path: 'x.pth' })).toThrow(
        expect.objectContaining({ code: 'checkpoint', message: expect.stringMatching(message) }),
      );
    });
  });
});
