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
  await writeDataset('two', ['road', 'car']);
  writeFileSync(path.join(folder, 'config.yaml'), `data: { root: ${path.join(folder, 'data')} }\n`);
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
    expect(stderr).toContain(`${weights}: deeplabv3plus on resnet18, output stride 16, 3 classes\n`);
    expect(stderr).not.toContain('note:');
    // Half of the pixels are a car; road is in the labels alone, and building in neither.
    expect(JSON.parse(stdout)).toMatchObject({ aAcc: 0.5, mAcc: 0.5, mIoU: 0.25, images: 1 });
  });

  it('takes the dataset of a config, and leaves its network', async () => {
    const { code, stdout } = await evaluate(weights, '--config', 'config.yaml');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mIoU 25\.\d+ +mAcc 50\.\d+ +aAcc 50\.\d+ +\(1 images\)$/m);
  });

  it('says when a class is called otherwise in the dataset', async () => {
    const { code, stderr } = await evaluate(weights, '--data', 'renamed');
    expect(code).toBe(0);
    expect(stderr).toContain(`note: class 1 is 'building' in ${weights} and 'tree' in the dataset\n`);
  });
});

describe('weights that cannot be scored end with one line', () => {
  it.each<[string, () => string[], RegExp]>([
    [
      'another number of classes',
      () => [weights, '--data', 'two'],
      /predicts 3 classes, but the dataset has 2; .*\(its classes: road, building, car\)\n$/,
    ],
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
