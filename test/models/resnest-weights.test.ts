/** Loads ResNeSt's published ImageNet weights, with the names of mmcv's files and of the authors'. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSegmentor, loadBackboneWeights, ResNeSt } from 'coarsely/models';
import { full, Generator, setThreads, type Tensor, tidy, writeSafetensors } from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type NamedShape, tensorsOf } from './published-names.js';

setThreads(1);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coarsely-resnest-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Translates mmcv's `stem.N` to the name in the authors' package. */
const authorsStem: Readonly<Record<string, string>> = {
  'stem.0': 'conv1.0',
  'stem.1': 'conv1.1',
  'stem.3': 'conv1.3',
  'stem.4': 'conv1.4',
  'stem.6': 'conv1.6',
  'stem.7': 'bn1',
};

function authorsName(name: string): string {
  return name.replace(/^stem\.\d/, (stem) => authorsStem[stem] as string);
}

const classifier: NamedShape[] = [
  ['fc.weight', [1000, 2048]],
  ['fc.bias', [1000]],
];
const files = {
  mmcv: [...tensorsOf('resnest50'), ...classifier],
  authors: [
    ...tensorsOf('resnest50').map(([name, shape]): NamedShape => [authorsName(name), shape]),
    ...classifier,
  ],
};

/** Writes a file in which tensor number i holds i everywhere. */
function write(file: keyof typeof files): string {
  const path = join(folder, `resnest50-${file}.safetensors`);
  tidy(() => {
    const tensors = files[file].map(([name, shape], index): [string, Tensor] => [
      name,
      full(shape, { value: index, dtype: name.endsWith('tracked') ? 'int64' : 'float32' }),
    ]);
    writeSafetensors(path, new Map(tensors));
  });
  return path;
}

function expectLoaded(backbone: ResNeSt): void {
  const places = new Map(files.mmcv.map(([name], index) => [name, index]));
  tidy(() => {
    for (const [name, tensor] of backbone.stateDict()) {
      const expected = places.get(backbone.publishedName(name)[0] as string);
      expect([tensor.min().item(), tensor.max().item()], name).toEqual([expected, expected]);
    }
  });
}

describe('ResNeSt-50', () => {
  test.each(['mmcv', 'authors'] as const)(
    "loads %s' file, and nothing but the classifier is left",
    (file) => {
      using generator = new Generator(1);
      const backbone = new ResNeSt(50, { generator });
      const { loaded, missing, unexpected, unused } = loadBackboneWeights(backbone, write(file));
      expect([missing, unexpected]).toEqual([[], []]);
      expect(unused.filter((name) => !name.endsWith('tracked'))).toEqual(['fc.weight', 'fc.bias']);
      expect(loaded.length + unused.length).toBe(files[file].length);
      expectLoaded(backbone);
      backbone.dispose();
    },
  );

  test('a config names the file; another depth is refused in one line', () => {
    using generator = new Generator(1);
    const weights = write('authors');
    const section = (kind: string) => ({
      backbone: { kind, outputStride: 8, weights },
      head: { kind: 'ocr' },
      auxiliary: null,
    });
    const segmentor = createSegmentor(section('resnest50'), { classCount: 2, generator });
    expectLoaded(segmentor.backbone as ResNeSt);
    segmentor.dispose();
    expect(() => createSegmentor(section('resnest101'), { classCount: 2, generator })).toThrow(
      expect.objectContaining({
        code: 'checkpoint',
        message:
          `${weights}: holds resnest50, but the backbone is resnest101; ` +
          'write model.backbone: { kind: resnest50 }, or give other weights',
      }),
    );
  });
});
