/** Gives commands too little memory for one of several images: it is named, the others go on, and the exit code is 1. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeLabelPng } from 'coarsely/data';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coarsely } from './run-command.js';

let folder: string;
const limited = { COARSELY_MEMORY: '0.3' };
const advice =
  /val-b\S*: 2400×2000 pixels do not fit into memory \(.+: not enough memory: [\d.]+ [MG]B asked for, beside [\d.]+ MB that tensors hold, of 300\.0 MB that COARSELY_MEMORY allows\); read it in windows, with --slide/;

async function write(
  split: string,
  { name, width, height }: { name: string; width: number; height: number },
) {
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 };
  const create = { width, height, channels: 3 as const, background: 'black', noise };
  mkdirSync(path.join(folder, 'images', split), { recursive: true });
  mkdirSync(path.join(folder, 'labels', split), { recursive: true });
  await sharp({ create })
    .png()
    .toFile(path.join(folder, 'images', split, `${name}.png`));
  const labels = Uint8Array.from({ length: width * height }, (_, place) => Number(place % width > width / 2));
  writeFileSync(path.join(folder, 'labels', split, `${name}.png`), encodeLabelPng(labels, { width, height }));
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-memory-'));
  const small = { width: 96, height: 64 };
  for (const name of ['train-a', 'train-b']) await write('train', { name, ...small });
  for (const name of ['val-a', 'val-c']) await write('val', { name, ...small });
  await write('val', { name: 'val-b', width: 2400, height: 2000 });
  const classes = [
    { name: 'left', color: [255, 0, 0] },
    { name: 'right', color: [0, 0, 255] },
  ];
  writeFileSync(path.join(folder, 'classes.json'), JSON.stringify(classes));
  writeFileSync(
    path.join(folder, 'config.yaml'),
    `name: tight
data:
  root: ${folder}
  train: { split: train, labels: labels }
  evaluation: { split: val, labels: labels }
  augmentation: { cropSize: [64, 64] }
model: { backbone: { kind: resnet18, outputStride: 32 }, head: { kind: fcn }, auxiliary: null }
training: { iterations: 1, batchSize: 2, statistics: null }
precision: float32
threads: 1
output: ${folder}/runs
`,
  );
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('an image that is too large for memory', { timeout: 240_000 }, () => {
  const run = () => path.join(folder, 'runs', 'tight');

  it('is left out of the evaluation of a training, which finishes', async () => {
    const { code, stdout, stderr } = await coarsely(['train', path.join(folder, 'config.yaml')], {
      environment: limited,
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(advice);
    expect(stdout).toMatch(/step 1 {2}evaluation {2}mIoU/);
    expect(stdout).toContain('finished');
    expect(code).toBe(1);
  });

  it('is left out of evaluate, whose scores are those of the others', async () => {
    const { code, stdout, stderr } = await coarsely(['evaluate', run()], { environment: limited });
    expect(stderr).toMatch(advice);
    expect(stdout).toContain('(2 images');
    expect(code).toBe(1);
  });

  it('is left out of predict', async () => {
    const words = ['predict', run(), path.join(folder, 'images', 'val'), '--out', path.join(folder, 'out')];
    const { code, stdout, stderr } = await coarsely(words, { environment: limited });
    expect(stderr).toMatch(advice);
    expect(stdout).toContain('wrote 2 predictions');
    expect(readdirSync(path.join(folder, 'out', 'labels'))).toEqual(['val-a.png', 'val-c.png']);
    expect(code).toBe(1);
  });

  it('is left out of figure and report', async () => {
    const figure = ['figure', '3', run(), '--split', 'evaluation', '--images', '3'];
    const drawn = await coarsely(figure, { environment: limited });
    expect(drawn.stderr).toMatch(advice);
    expect(drawn.stdout).toContain('wrote ');
    expect(drawn.code).toBe(1);
    const report = await coarsely(['report', run()], { environment: limited });
    expect(report.stderr).toMatch(advice);
    expect(report.stdout).toContain('wrote ');
    expect(report.code).toBe(1);
  });

  it('is evaluated with all memory, and no command says that it looks like a bug', async () => {
    const { code, stdout, stderr } = await coarsely(['evaluate', run()]);
    expect(stderr).toBe('');
    expect(stdout).toContain('(3 images');
    expect(code).toBe(0);
  });

  it('that a training step is for is told with what needs less', async () => {
    const words = ['train', path.join(folder, 'config.yaml'), '--name', 'none'];
    const { code, stderr } = await coarsely(
      [...words, '--set', 'training.batchSize=64', '--set', 'data.augmentation.cropSize=[512,512]'],
      {
        environment: limited,
      },
    );
    expect(stderr).toMatch(
      /^coarsely: a batch of 64 crops of 512×512 does not fit into memory \(.+: not enough memory/,
    );
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
  });
});
