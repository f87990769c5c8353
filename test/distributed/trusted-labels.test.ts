/** Checks that two processes learn from points and clean labels what one learns, repeat bit for bit and resume. */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ResNet } from 'coarsely/models';
import { readRun } from 'coarsely/runs';
import { Generator, writeSafetensors } from 'coarsely/torch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coarsely } from '../cli/run-command.js';
import { type BandedDataset, createBandedDataset } from '../training/banded-dataset.js';

let bands: BandedDataset;
let folder: string;
beforeAll(async () => {
  bands = await createBandedDataset();
  folder = path.join(bands.root, '..');
  using generator = new Generator(1);
  const backbone = new ResNet(18, { zeroInitResidual: false, generator });
  writeSafetensors(path.join(folder, 'backbone.safetensors'), backbone.stateDict());
  backbone.dispose();
  const common = {
    data: {
      root: 'bands',
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      points: { share: 0.25 },
      clean: { labels: 'fine', share: 0.25 },
      augmentation: { cropSize: [32, 40] },
      workers: 0,
    },
    normScope: 'global',
    reweighter: { kind: 'arm' },
    optimizer: { kind: 'adamw', learningRate: 0.003 },
    training: { iterations: 8, evaluateEvery: 8, checkpointEvery: 4, logEvery: 1, batchSize: 8 },
    precision: 'float32',
    threads: 1,
  };
  const write = (name: string, more: object) =>
    writeFileSync(path.join(folder, `${name}.yaml`), JSON.stringify({ ...common, ...more }));
  write('full', {
    // Processes draw their own dropout masks.
    model: {
      backbone: { kind: 'resnet18' },
      head: { kind: 'deeplabv3plus', channels: 16, dropout: 0 },
      auxiliary: null,
    },
  });
  write('quick', {
    quick: { pixels: 128, diskMiB: 0 },
    model: {
      backbone: { kind: 'resnet18', frozen: true, weights: 'backbone.safetensors' },
      head: { kind: 'hypercolumn', hidden: [8] },
      auxiliary: null,
    },
  });
});
afterAll(() => bands.remove());

const lines = (name: string) =>
  readRun(path.join(folder, 'runs', name))
    .metrics.filter(({ split }) => split === 'train')
    .map(({ step, values }): Record<string, unknown> => ({ step, ...values }));

test.each(['quick', 'full'])('%s training', async (mode) => {
  const train = (name: string, ...words: string[]) =>
    coarsely(['train', `${mode}.yaml`, '--name', `${mode}-${name}`, ...words], { cwd: folder });
  const together = ['--processes', '2'];
  expect(await train('alone')).toMatchObject({ code: 0, stderr: '' });
  expect(await train('both', ...together)).toMatchObject({ code: 0, stderr: '' });
  const [alone, both] = [lines(`${mode}-alone`), lines(`${mode}-both`)];
  expect(both).toHaveLength(8);
  // The first step sees the same pixels and parameters; rounding grows with every step that is built on it.
  for (const name of ['loss', 'mainLoss', 'trustedLoss']) {
    expect(both[0]?.[name] as number).toBeCloseTo(alone[0]?.[name] as number, 4);
    expect(both[0]?.[name]).toBeGreaterThan(0);
  }
  expect(await train('again', ...together)).toMatchObject({ code: 0, stderr: '' });
  expect(lines(`${mode}-again`)).toEqual(both);

  let asked = false;
  const broken = await coarsely(['train', `${mode}.yaml`, '--name', `${mode}-broken`, ...together], {
    cwd: folder,
    onOutput: (stdout, child) => {
      if (asked || !stdout.includes('step 1/8')) return;
      asked = true;
      child.kill('SIGINT');
    },
  });
  expect(broken.code).toBe(130);
  const resumed = await coarsely(['train', '--resume', `runs/${mode}-broken`, ...together], { cwd: folder });
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
  expect(lines(`${mode}-broken`)).toEqual(both);
});
