import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Config,
  checkConfig,
  configToYaml,
  createConfigSchema,
  type RecipeConfig,
  resolveConfig,
} from 'coarsely/config';
import { ConfigError } from 'coarsely/errors';
import type { ComponentSection } from 'coarsely/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keysWith } from '#config/key-traits.js';
import { registries } from './local-registries.js';

const schema = createConfigSchema(registries);
const base: RecipeConfig = {
  name: 'base',
  data: { root: 'somewhere', augmentation: { cropSize: [64, 96] } },
  reweighter: { kind: 'arm', learningRateScale: 50 },
  training: { iterations: 300 },
};
const recipes = new Map([['base', { config: () => base }]]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

function resolve(source: string, set: readonly string[] = []): Config {
  return resolveConfig(source, { schema, recipes, set });
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('expected a ConfigError');
}

describe('defaults', () => {
  it('are filled in at every level', () => {
    const config = resolve(write('a.yaml', 'data: { root: images }\n'));
    expect(config).toMatchObject({
      name: 'run',
      device: 'cpu',
      precision: 'auto',
      output: 'runs',
      reduction: 'valid',
      reweighter: null,
      loss: { kind: 'cross-entropy' },
      confidence: { kind: 'variance' },
      schedule: { kind: 'multi-step' },
      optimizer: {
        kind: 'sgd',
        learningRate: 0.02,
        momentum: 0.9,
        weightDecay: 1e-4,
        clipNorm: null,
        backboneScale: 1,
      },
    });
    expect(config.model.backbone).toEqual({
      kind: 'resnet18',
      stem: 'deep',
      outputStride: 16,
      weights: null,
    });
    expect(config.model.auxiliary).toEqual({ weight: 0.4, channels: 256 });
    expect(config.data.train).toEqual({ split: 'train', labels: 'labels' });
    expect(config.data.evaluation).toEqual({ split: 'val', labels: 'labels' });
    expect(config.training.isolatedFraction).toBe(0.05);
  });

  it('end intervals that are longer than the run at its end', () => {
    const { training } = resolve('base', ['training.iterations=30']);
    expect(training).toMatchObject({ iterations: 30, evaluateEvery: 30, checkpointEvery: 30 });
  });
});

describe('the optimizer', () => {
  it('has the options of its kind, and those that every kind has', () => {
    const file = write('adamw.yaml', 'extends: base\noptimizer: { kind: adamw, clipNorm: 5 }\n');
    expect(resolve(file).optimizer).toEqual({
      kind: 'adamw',
      learningRate: 1e-3,
      clipNorm: 5,
      backboneScale: 1,
    });
  });
});

describe('layers', () => {
  it('merge a file over the recipe it extends, and --set over both', () => {
    const file = write('mine.yaml', 'extends: base\ndata: { root: other }\ntraining: { batchSize: 4 }\n');
    const config = resolve(file, ['training.batchSize=6', 'data.augmentation.cropSize=[32, 48]']);
    expect(config.data.root).toBe('other');
    expect(config.training).toMatchObject({ iterations: 300, batchSize: 6 });
    expect(config.data.augmentation.cropSize).toEqual([32, 48]);
    expect(config.reweighter).toEqual({ kind: 'arm', p: 2, learningRateScale: 50 });
  });

  it('find an extended file beside the file that extends it', () => {
    mkdirSync(path.join(folder, 'inner'));
    write('inner/first.yaml', 'data: { root: here }\nseed: 5\n');
    expect(resolve(write('second.yaml', 'extends: inner/first.yaml\n')).seed).toBe(5);
  });

  it('drop the options of a section whose kind changes', () => {
    const file = write('linear.yaml', 'extends: base\nreweighter: { kind: linear-arm }\n');
    expect(resolve(file).reweighter).toEqual({ kind: 'linear-arm', slope: -0.5, intercept: 0.5 });
    expect(resolve('base', ['reweighter.kind=linear-arm', 'reweighter.slope=0.5']).reweighter).toEqual({
      kind: 'linear-arm',
      slope: 0.5,
      intercept: 0.5,
    });
  });

  it('let --set switch a component off and change one option of it', () => {
    expect(resolve('base', ['reweighter=null']).reweighter).toBeNull();
    expect(resolve('base', ['reweighter.p=3']).reweighter).toMatchObject({ p: 3, learningRateScale: 50 });
    expect(resolve('base', ['model.auxiliary=null']).model.auxiliary).toBeNull();
  });
});

describe('configToYaml', () => {
  it('writes a file that resolves to the same config', () => {
    const config = resolve('base', ['seed=7', 'model.backbone.kind=resnet50']);
    const text = configToYaml(config);
    expect(text).toContain('cropSize: [64, 96]');
    expect(resolve(write('again.yaml', text))).toEqual(config);
  });
});

describe('mistakes get one line that names the place', () => {
  const mistakes: [string, string][] = [
    ['training.iteratons=5', '--set: unknown key training.iteratons; did you mean training.iterations?'],
    ['trainng.iterations=5', '--set: unknown key trainng; did you mean training?'],
    ['training.zebra=5', '--set: unknown key training.zebra (known here: iterations, batchSize, '],
    ['training.batchSize=eight', '--set: training.batchSize: expected a number, received "eight"'],
    ['training.batchSize=1', '--set: training.batchSize: expected at least 2, received 1'],
    ['training.batchSize=2.5', '--set: training.batchSize: expected a whole number, received 2.5'],
    ['optimizer.clipNrm=1', '--set: unknown key optimizer.clipNrm; did you mean optimizer.clipNorm?'],
    ['optimizer.kind=adam', "--set: optimizer.kind: unknown optimizer 'adam'; did you mean adamw?"],
    ['optimizer.learningRate=0', '--set: optimizer.learningRate: expected more than 0, received 0'],
    [
      'precision=float3',
      '--set: precision: expected one of auto, float32, bfloat16, received "float3"; did you mean float32?',
    ],
    ['device=gpu', '--set: device: expected cpu, cuda or cuda:N, received "gpu"'],
    ['data.augmentation.cropSize=240', '--set: data.augmentation.cropSize: expected a list, received 240'],
    [
      'data.augmentation.cropSize=[16, 64]',
      '--set: data.augmentation.cropSize: expected [height, width] of at least 32 pixels each, received [16,64]',
    ],
    [
      'data.augmentation.ratioRange=[2, 1]',
      '--set: data.augmentation.ratioRange: the lower ratio is above the upper one',
    ],
    ['data.kind=foldr', "--set: data.kind: unknown dataset 'foldr'; did you mean folder? (known: folder)"],
    ['data.train.splits=x', '--set: unknown key data.train.splits; did you mean data.train.split?'],
    [
      'model.backbone.kind=resnet19',
      "--set: model.backbone.kind: unknown backbone 'resnet19'; did you mean resnet18? (known: resnet18, resnet50)",
    ],
    [
      'model.backbone.stem=deeep',
      '--set: model.backbone.stem: expected one of deep, torchvision, received "deeep"; did you mean deep?',
    ],
    ['model.backbone.outputStride=4', '--set: model.backbone.outputStride: expected 8 or 16, received 4'],
    [
      'reweighter.learningRatescale=5',
      '--set: unknown key reweighter.learningRatescale; did you mean reweighter.learningRateScale?',
    ],
    ['reweighter=arm', '--set: reweighter: expected a section of keys, received "arm"'],
    ['model=null', '--set: model: expected a section of keys, received null'],
    ['name=a/b', '--set: name: expected letters, digits, dots, dashes or underscores, received "a/b"'],
  ];
  it.each(mistakes)('%s', (set, expected) => {
    const message = messageOf(() =>
      resolve('base', [set.startsWith('data.kind') ? 'data.root=x' : 'seed=0', set]),
    );
    expect(message).toContain(`config ${expected}`);
    expect(message.split('\n')).toHaveLength(1);
  });

  it('names the file that wrote the key, also through extends', () => {
    const inner = write('inner.yaml', 'extends: base\ntraining: { iteratons: 5 }\n');
    const outer = write('outer.yaml', 'extends: inner.yaml\nseed: yes please\n');
    expect(
      messageOf(() => resolve(outer))
        .split('\n')
        .sort(),
    ).toEqual([
      `config ${inner}: unknown key training.iteratons; did you mean training.iterations?`,
      `config ${outer}: seed: expected a number, received "yes please"`,
    ]);
  });

  it('says that the data root is missing and how to give it', () => {
    const file = write('rootless.yaml', 'seed: 1\n');
    expect(messageOf(() => resolve(file))).toBe(
      `config ${file}: data.root is missing: expected the folder of the dataset (--data ROOT, or data.root)`,
    );
  });

  it('covers --set texts, YAML syntax, files and recipes that are not there, and circles', () => {
    expect(messageOf(() => resolve('base', ['seed']))).toBe(
      '--set seed: expected KEY=VALUE, for example --set training.iterations=200',
    );
    const broken = write('broken.yaml', 'seed: 1\ntraining: { iterations: 5\n');
    expect(messageOf(() => resolve(broken))).toMatch(/^config .*broken\.yaml:\d+: not valid YAML: /);
    expect(messageOf(() => resolve(path.join(folder, 'none.yaml')))).toContain('none.yaml: no such file');
    expect(messageOf(() => resolve('bsae'))).toContain(
      'no recipe of this name and no such file; did you mean base?',
    );
    const list = write('list.yaml', '- 1\n');
    expect(messageOf(() => resolve(list))).toContain('list.yaml: expected keys and values');
    const circle = write('circle.yaml', 'extends: circle.yaml\n');
    expect(messageOf(() => resolve(circle))).toContain('circle.yaml: extends itself');
    const wrong = write('wrong.yaml', 'extends: basee\n');
    expect(messageOf(() => resolve(wrong))).toContain('wrong.yaml: extends basee: no recipe of this name');
  });
});

describe('checkConfig', () => {
  const sound = async () => ({ problems: [] });

  it('accepts folders that are there', async () => {
    const config = resolve('base', [`data.root=${folder}`, `output=${folder}/runs/deep`]);
    await expect(checkConfig(config, { label: 'base', checkDataset: sound })).resolves.toBeUndefined();
  });

  it.each([
    ['data.root=missing-root', 'config base: data.root: no folder missing-root (looked for /'],
    ['model.backbone.weights=missing.pth', 'config base: model.backbone.weights: no file missing.pth'],
    ['output=/proc/self/status/runs', 'config base: output: cannot write runs to /proc/self/status/runs'],
  ])('%s', async (set, expected) => {
    const config = resolve('base', [`data.root=${folder}`, `output=${folder}`, set]);
    await expect(checkConfig(config, { label: 'base', checkDataset: sound })).rejects.toThrow(expected);
  });

  it('asks the dataset about both parts and shows the first problems', async () => {
    const config = resolve('base', [`data.root=${folder}`, `output=${folder}`]);
    const asked: unknown[] = [];
    const checkDataset = async (section: ComponentSection) => {
      asked.push(section);
      return { problems: section.split === 'val' ? ['a', 'b', 'c', 'd', 'e'] : [] };
    };
    await expect(checkConfig(config, { label: 'base', checkDataset })).rejects.toThrow(
      'data.evaluation: a\ndata.evaluation: b\ndata.evaluation: c\ndata.evaluation: (and 2 more)',
    );
    expect(asked).toEqual([
      { kind: 'folder', root: folder, split: 'train', labels: 'labels' },
      { kind: 'folder', root: folder, split: 'val', labels: 'labels' },
    ]);
  });
});

describe('key traits', () => {
  it('mark the keys that change no result, and those in which ranks may differ', () => {
    expect(keysWith('affectsResults', schema)).toEqual([
      'output',
      'data.workers',
      'data.cacheMiB',
      'training.checkpointEvery',
      'training.keepCheckpoints',
      'training.logEvery',
      'quick.diskMiB',
    ]);
    expect(keysWith('perProcess', schema)).toEqual([
      'name',
      'device',
      'threads',
      'output',
      'data.root',
      'data.workers',
      'data.cacheMiB',
      'quick.diskMiB',
    ]);
  });
});
