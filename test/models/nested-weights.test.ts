/** Weights are found under every wrapper and prefix, and what does not fit is told in terms of the file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backbone, type Features, loadBackboneWeights } from 'coarsely/models';
import { BatchNorm2d, Conv2d, Module } from 'coarsely/nn';
import { full, Generator, readStateDict, type Tensor, tidy, writeSafetensors, zeros } from 'coarsely/torch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** A network of five tensors, whose names are those of the files (nested-weights.py). */
class Tiny extends Module implements Backbone {
  readonly channels = [4, 4, 4, 4] as const;
  readonly outputStride = 8;
  readonly conv1: Conv2d;
  readonly bn1 = new BatchNorm2d(4);

  constructor(generator: Generator) {
    super();
    this.conv1 = new Conv2d(3, 4, { kernelSize: 3, bias: false, generator });
  }

  forward(imagesNCHW: Tensor): Features {
    const features = this.bn1.forward(this.conv1.forward(imagesNCHW));
    return [features, features, features, features];
  }
}

let folder = '';
let tiny: Tiny;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coarsely-nested-'));
  using generator = new Generator(1);
  tiny = new Tiny(generator);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  tiny.dispose();
});

function fixture(name: string): string {
  return join(import.meta.dirname, 'fixtures', 'nested', `${name}.pth`);
}

/** Compares every tensor with t + i / 64, plus `add`. */
function expectValues({ add = 0 } = {}): void {
  for (const [number, [name, tensor]] of [...tiny.stateDict()].entries()) {
    const expected = Array.from({ length: tensor.numel }, (_, index) => add + number + index / 64);
    expect([...tensor.toTypedArray()], name).toEqual(expected);
  }
}

/** Writes the tensors of a fixture as safetensors, under their whole names. */
function asSafetensors(path: string): string {
  const copy = join(folder, 'copy.safetensors');
  tidy(() => {
    const { tensors } = readStateDict(path, {
      choose: (all) => new Map([...all.keys()].map((one) => [one, one])),
    });
    writeSafetensors(copy, tensors);
  });
  return copy;
}

describe.each<[string, (path: string) => string]>([
  ['.pth', (path) => path],
  ['.safetensors', asSafetensors],
])('in %s', (_, converted) => {
  test.each([
    ['plain', null],
    ['module', 'state_dict.module.'],
    ['model_state', 'model_state.'],
    ['model', 'model.'],
    ['net', 'net.'],
    ['encoder', 'encoder.'],
    ['backbone', 'state_dict.backbone.'],
    ['deep', 'checkpoint.generator.net.module.encoder.'],
    ['two-sizes', 'student.'],
    ['float64', null],
  ])('%s: the prefix %s is removed and reported in one line', (name, prefix) => {
    const path = converted(fixture(name));
    const notices: string[] = [];
    const report = loadBackboneWeights(tiny, path, { onNotice: (notice) => notices.push(notice) });
    expect(report.loaded).toEqual([...tiny.stateDict().keys()]);
    expect(report.missing).toEqual([]);
    expectValues();
    const whole = `${path}: is a whole segmentation network with 19 classes, of which only the backbone is used; model.weights starts from all of it`;
    expect(notices).toEqual([
      ...(prefix === null ? [] : [`${path}: read 5 tensors under '${prefix}'`]),
      ...(name === 'backbone' ? [whole] : []),
    ]);
  });

  test('the weights themselves are taken before a moving average, and both are named', () => {
    const path = converted(fixture('average'));
    const notices: string[] = [];
    loadBackboneWeights(tiny, path, { onNotice: (notice) => notices.push(notice) });
    expectValues();
    expect(notices).toEqual([
      `${path}: read 5 tensors under 'model.module.'; the same names under 'ema_model.module.' were left aside`,
    ]);
  });

  test('a moving average alone is read', () => {
    loadBackboneWeights(tiny, converted(fixture('average-only')));
    expectValues({ add: 100 });
  });

  test.each([
    ['nan', /: state_dict\.module\.bn1\.bias: 1 of 4 values are NaN or infinite, /],
    ['infinite', /: conv1\.weight: 1 of 108 values are NaN or infinite, /],
    ['huge-float64', /: bn1\.bias: 4 of 4 values are NaN or infinite, /],
    ['int8', /: conv1\.weight: expected floating-point numbers, found int8; /],
    [
      'misspelled',
      /: holds 4 of the 5 tensors of this backbone: missing bn1\.running_var \(the file has bn1\.runing_var\); unexpected bn1\.runing_var$/,
    ],
    ['other-shape', /: bn1\.bias: expected shape \[4\], received \[5\]$/],
    [
      'other-network',
      /: holds no tensor of this backbone: its names are (features\.0\.0|classifier\.1)\.weight, .*expected names such as conv1\.weight$/,
    ],
  ])('%s: what is wrong is named, and nothing is copied', (name, message) => {
    const path = converted(fixture(name));
    const before = tiny.conv1.weight.toTypedArray();
    expect(() => loadBackboneWeights(tiny, path)).toThrow(
      expect.objectContaining({ code: 'checkpoint', message: expect.stringMatching(message) }),
    );
    expect(() => loadBackboneWeights(tiny, path)).toThrow(path);
    expect(tiny.conv1.weight.toTypedArray()).toEqual(before);
  });
});

test.each(['float16', 'bfloat16'])('%s weights become float32', (name) => {
  loadBackboneWeights(tiny, fixture(name));
  expect(tiny.bn1.bias.dtype).toBe('float32');
  expect(tiny.bn1.bias.toTypedArray()[0]).toBe(2);
});

test('weights over blue, green and red are turned around', () => {
  loadBackboneWeights(tiny, fixture('plain'), { colors: 'bgr' });
  const values = tiny.conv1.weight.toArray() as number[][][][];
  // Element i holds i / 64, and a filter has 9 numbers for each of 3 colors.
  expect([0, 1, 2].map((color) => values[0]?.[color]?.[0]?.[0])).toEqual([18 / 64, 9 / 64, 0]);
  expect(tiny.bn1.weight.toTypedArray()[0]).toBe(1);
});

test('the rest of a whole network is reported, and an optimizer is not', () => {
  expect(loadBackboneWeights(tiny, fixture('backbone')).unexpected).toEqual([
    'state_dict.decode_head.conv_seg.weight',
  ]);
  expect(loadBackboneWeights(tiny, fixture('module')).unexpected).toEqual([]);
});

test("a checkpoint of this package is read by the network's own names", () => {
  const path = join(folder, 'step.safetensors');
  tidy(() => {
    const own = [...tiny.stateDict()].map(
      ([name, { shape }]) => [`model.backbone.${name}`, full(shape, { value: 7, dtype: 'float32' })] as const,
    );
    writeSafetensors(
      path,
      new Map([...own, ['model.head.classifier.weight', zeros([3, 4, 1, 1], { dtype: 'float32' })]]),
    );
  });
  loadBackboneWeights(tiny, path);
  expect(tiny.bn1.running_var.toTypedArray()).toEqual(new Float32Array(4).fill(7));
});
