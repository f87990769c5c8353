/** `coarsely evaluate --weights` with a checkpoint as mmsegmentation publishes it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeLabelPng } from 'coarsely/data';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coarsely } from './run-command.js';

/** DeepLabv3+ on ResNet-18 with three classes, which sees a car everywhere (published-checkpoint.py). */
const weights = path.resolve(import.meta.dirname, '../models/fixtures/deeplabv3plus-r18.pth');
const size = { width: 48, height: 40 };

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-weights-'));
  await writeDataset('data', ['road', 'building', 'car']);
  await writeDataset('renamed', ['road', 'tree', 'car']);
  await writeDataset('reordered', ['car', 'Building', 'road']);
  await writeDataset('two', ['road', 'car']);
  writeFileSync(path.join(folder, 'config.yaml'), `data: { root: ${path.join(folder, 'data')} }\n`);
  writeFileSync(
    path.join(folder, 'bfloat16.yaml'),
    `precision: bfloat16\ndata: { root: ${path.join(folder, 'data')} }\n`,
  );
  writeFileSync(path.join(folder, 'cut.pth'), readFileSync(weights).subarray(0, 20_000));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One gray image, its upper half class 0 and its lower half the last class. */
async function writeDataset(name: string, classNames: readonly string[]): Promise<void> {
  const root = path.join(folder, name);
  for (const part of ['images', 'labels']) mkdirSync(path.join(root, part, 'val'), { recursive: true });
  const { width, height } = size;
  const image = encode({ width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(120) });
  writeFileSync(path.join(root, 'images', 'val', 'a.png'), image);
  const pixels = new Uint8Array(width * height).fill(classNames.length - 1, (width * height) / 2);
  writeFileSync(path.join(root, 'labels', 'val', 'a.png'), encodeLabelPng(pixels, size));
  writeFileSync(
    path.join(root, 'classes.json'),
    JSON.stringify({ classes: classNames.map((one) => ({ name: one })) }),
  );
}

function evaluate(...words: string[]) {
  return coarsely(['evaluate', '--weights', ...words], { cwd: folder });
}

describe('a published checkpoint', () => {
  it('says what it is, and is scored on a dataset folder without any config', async () => {
    const { code, stdout, stderr } = await evaluate(weights, '--data', 'data', '--json');
    expect(code).toBe(0);
    expect(stderr).toContain(
      `${weights}: deeplabv3plus on resnet18, output stride 16, 3 classes, whole images, fitted into 48×40\n`,
    );
    expect(stderr).not.toContain('note:');
    // Half of the pixels are a car; road is in the labels alone, and building in neither.
    const scores = { aAcc: 0.5, mAcc: 0.5, mIoU: 0.25, images: 1, precision: 'float32' };
    expect(JSON.parse(stdout)).toMatchObject(scores);
  });

  it('takes the dataset of a config, and leaves its network', async () => {
    const { code, stdout } = await evaluate(weights, '--config', 'config.yaml');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mIoU 25\.\d+ +mAcc 50\.\d+ +aAcc 50\.\d+ +\(1 image, float32\)$/m);
  });

  it('is scored by name where the dataset lists the same classes in another order', async () => {
    const { code, stdout, stderr } = await evaluate(weights, '--data', 'reordered', '--json');
    expect(code).toBe(0);
    expect(stderr).toContain(
      `note: ${weights} has the classes of the dataset in another order; labels are matched by name\n`,
    );
    // The upper half is a car here, and the network sees a car everywhere.
    const { aAcc, perClass } = JSON.parse(stdout);
    expect(aAcc).toBe(0.5);
    expect(perClass.map(({ name, pixels }: { name: string; pixels: number }) => [name, pixels])).toEqual([
      ['road', (size.width * size.height) / 2],
      ['Building', 0],
      ['car', (size.width * size.height) / 2],
    ]);
  });

  it.each([
    [['--precision', 'bfloat16'], 'bfloat16'],
    [['--config', 'bfloat16.yaml'], 'bfloat16'],
    [['--config', 'bfloat16.yaml', '--precision', 'float32'], 'float32'],
  ])('is computed in the precision that is asked for: %j', async (words, precision) => {
    const { stdout } = await evaluate(weights, '--data', 'data', '--json', ...words);
    expect(JSON.parse(stdout).precision).toBe(precision);
  });
});

describe('a checkpoint without a config', () => {
  it('says what was assumed, and takes options for it', async () => {
    // The key is renamed, so that nobody finds the text.
    const bytes = readFileSync(weights);
    bytes.write('konfig', bytes.indexOf('\x06\0\0\0config', 'latin1') + 4, 'latin1');
    writeFileSync(path.join(folder, 'bare.pth'), bytes);
    const assumed = await evaluate('bare.pth', '--data', 'data');
    expect(assumed.code).toBe(0);
    expect(assumed.stderr).toMatch(
      /^note: bare\.pth: has no config that is read, so these were assumed: output stride 8 \(--output-stride\); .*\n.*output stride 8, 3 classes, whole images\n$/,
    );
    const stated = [
      '--output-stride',
      '16',
      '--aspp-dilations',
      '6,12,18',
      '--style',
      'pytorch',
      '--align-corners',
    ];
    const images = ['--contract-dilation', '--mean', '103.53,116.28,123.675', '--std', '1,1,1', '--bgr'];
    const { code, stderr } = await evaluate('bare.pth', '--data', 'data', ...stated, ...images);
    expect(code).toBe(0);
    expect(stderr).toBe(
      'bare.pth: deeplabv3plus on resnet18, output stride 16, corners aligned, 3 classes, whole images\n',
    );
  });

  it('predicts images without a run', async () => {
    const words = ['predict', '--weights', weights, 'data/images/val', '--out', 'predictions'];
    const { code, stdout, stderr } = await coarsely(words, { cwd: folder });
    expect(stderr).toContain(
      'deeplabv3plus on resnet18, output stride 16, 3 classes, whole images, fitted into 48×40\n',
    );
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'wrote 1 prediction to predictions/labels and predictions/overlays (float32)\n',
    });
  });
});

describe('weights that cannot be scored end with one line', () => {
  it.each<[string, () => string[], RegExp]>([
    [
      'another number of classes',
      () => [weights, '--data', 'two'],
      /predicts 3 classes, and the dataset has 2 that are not the same: the dataset lacks building\. .*\n$/,
    ],
    [
      'a class of another name',
      () => [weights, '--data', 'renamed'],
      /are not the same: the dataset lacks building; the network does not know tree\. .*give both lists one name\n$/,
    ],
    ['a folder', () => ['data', '--data', 'data'], /^coarsely: data: is a folder; score a run with: .+\n$/],
    ['a file cut off', () => ['cut.pth', '--data', 'data'], /^coarsely: cut\.pth: .+\n$/],
    ['no file', () => ['none.pth', '--data', 'data'], /^coarsely: none\.pth: .+\n$/],
    [
      'no weights',
      () => ['config.yaml', '--data', 'data'],
      /^coarsely: config\.yaml: is neither safetensors nor/,
    ],
  ])('%s', async (_, words, message) => {
    const { code, stdout, stderr } = await evaluate(...words());
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });
});
