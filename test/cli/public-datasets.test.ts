/** Cityscapes from the command line: bad files told once, a run on coarse labels, scores on fine ones, a submission. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coarsely } from './run-command.js';

const size = { width: 64, height: 64 } as const;
/** Ids of road, building and what is ignored, in bands. */
const ids = [7, 11, 0, 7];

let folder: string;

const nameOf = (split: string, place: number) => `${split.replace('_', '')}_000000_00000${place}`;
const fileOf = (kind: string, split: string, place: number) => {
  const name = nameOf(split, place);
  const ending = kind === 'leftImg8bit' ? kind : `${kind}_labelIds`;
  return path.join(folder, 'cityscapes', kind, split, split.replace('_', ''), `${name}_${ending}.png`);
};

async function writeStreet(split: string, place: number): Promise<void> {
  const pixels = size.width * size.height;
  const labels = Uint8Array.from({ length: pixels }, (_, at) => ids[Math.floor((4 * at) / pixels)] ?? 0);
  const image = Uint8Array.from(
    { length: 3 * pixels },
    (_, at) => ((labels[Math.floor(at / 3)] ?? 0) * 20 + ((at * at) % 13)) % 256,
  );
  const label = encode({ ...size, channels: 1, depth: 8, data: labels });
  const files = [
    [fileOf('leftImg8bit', split, place), encode({ ...size, channels: 3, depth: 8, data: image })],
    [fileOf('gtCoarse', split, place), label],
    ...(split === 'train_extra' ? [] : ([[fileOf('gtFine', split, place), label]] as const)),
  ] as const;
  for (const [file, content] of files) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-public-'));
  for (const [split, count] of [
    ['train', 2],
    ['train_extra', 3],
    ['val', 1],
  ] as const) {
    for (let place = 0; place < count; place++) await writeStreet(split, place);
  }
  await rm(fileOf('gtCoarse', 'train_extra', 0));
  const broken = fileOf('leftImg8bit', 'train_extra', 2);
  writeFileSync(broken, readFileSync(broken).subarray(0, -20));
  const config = [
    'extends: folder-arm',
    'name: streets',
    'data:',
    '  kind: cityscapes',
    '  root: cityscapes',
    '  train: { split: train+train_extra, labels: coarse }',
    '  augmentation: { cropSize: [64, 64] }',
    '  workers: 1',
    'model: { backbone: { weights: null }, head: { channels: 32 }, auxiliary: { channels: 32 } }',
    'training: { iterations: 2, batchSize: 2 }',
  ];
  writeFileSync(path.join(folder, 'streets.yaml'), config.join('\n'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const left = (split: string, place: number) => path.relative(folder, fileOf('leftImg8bit', split, place));

describe('cityscapes from the command line', () => {
  it('trains on what is whole, evaluates, and writes what the test server takes', async () => {
    const trained = await coarsely(['train', 'streets.yaml', '--set', 'threads=1'], { cwd: folder });
    const missing = path.relative(folder, fileOf('gtCoarse', 'train_extra', 0));
    expect(trained.stderr.trimEnd().split('\n')).toEqual([
      'cityscapes train+train_extra: 2 bad files are left out',
      `  ${left('train_extra', 0)}: no labels; expected ${missing} (or _labelTrainIds.png, _polygons.json)`,
      `  ${left('train_extra', 2)}: breaks off before its end; fetch it again`,
    ]);
    expect(trained.code).toBe(0);
    expect(trained.stdout).toMatch(/^step 2 {2}evaluation {2}mIoU /m);

    const scored = await coarsely(['evaluate', 'runs/streets', '--json'], { cwd: folder });
    expect(scored.stderr).toBe('');
    const { images, perClass, dataset } = JSON.parse(scored.stdout);
    expect(images).toBe(1);
    expect(dataset).toMatchObject({ kind: 'cityscapes', split: 'val', labels: 'fine' });
    // Half of the pixels are road, a quarter building, and a quarter ignored.
    const pixels = perClass.map((one: { pixels: number }) => one.pixels);
    expect(pixels).toEqual([2048, 0, 1024, ...Array(16).fill(0)]);

    const images8bit = 'cityscapes/leftImg8bit/val';
    const words = ['predict', 'runs/streets', images8bit, '--out', 'submission', '--format', 'cityscapes'];
    expect(await coarsely(words, { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(path.join(folder, 'submission/labels'))).toEqual([
      'val_000000_000000_leftImg8bit.png',
    ]);
    const file = path.join(folder, 'submission/labels/val_000000_000000_leftImg8bit.png');
    const { data } = decode(readFileSync(file));
    const classIds = new Set([7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]);
    expect([...new Set(data)].filter((id) => !classIds.has(id))).toEqual([]);

    const other = await coarsely([...words.slice(0, -1), 'ade20k'], { cwd: folder });
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(
      /^coarsely: format 'ade20k': expected a network of its 150 classes, this one has 19: it lacks floor, /,
    );
  }, 120_000);

  it('stops before it starts for what evaluation cannot do without', async () => {
    await rm(fileOf('gtFine', 'val', 0));
    const { code, stdout, stderr } = await coarsely(['train', 'streets.yaml', '--name', 'never'], {
      cwd: folder,
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`coarsely: data.evaluation: ${left('val', 0)}: no labels; expected `);
  }, 60_000);
});
