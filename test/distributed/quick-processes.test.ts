/** Checks `coarsely train --processes 2` of a quick config: the numbers of one process, equal bits again, and resume. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ResNet } from 'coarsely/models';
import { readRun } from 'coarsely/runs';
import { writeScenes } from 'coarsely/scenes';
import { Generator, readSafetensors, writeSafetensors } from 'coarsely/torch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coarsely } from '../cli/run-command.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-quick-processes-'));
  await writeScenes(path.join(folder, 'scenes'), { train: 6, validation: 3, width: 96, height: 64 });
  using generator = new Generator(1);
  const backbone = new ResNet(18, { zeroInitResidual: false, generator });
  writeSafetensors(path.join(folder, 'backbone.safetensors'), backbone.stateDict());
  backbone.dispose();
  const config = {
    data: {
      root: 'scenes',
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
    },
    model: {
      backbone: { kind: 'resnet18', frozen: true, weights: 'backbone.safetensors' },
      head: { kind: 'hypercolumn', hidden: [8] },
      auxiliary: null,
    },
    quick: { pixels: 128 },
    reweighter: { kind: 'arm' },
    normScope: 'global',
    optimizer: { kind: 'adamw', learningRate: 0.003 },
    training: { iterations: 40, evaluateEvery: 40, checkpointEvery: 10, logEvery: 1 },
    precision: 'float32',
    threads: 1,
  };
  writeFileSync(path.join(folder, 'quick.yaml'), JSON.stringify(config));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const together = ['--processes', '2'];
const environment = () => ({ XDG_CACHE_HOME: path.join(folder, 'cache') });
const train = (name: string, ...words: string[]) =>
  coarsely(['train', 'quick.yaml', '--name', name, ...words], { cwd: folder, environment: environment() });

const lines = (name: string, split: string) =>
  readRun(path.join(folder, 'runs', name))
    .metrics.filter((line) => line.split === split)
    .map(({ step, values }): Record<string, unknown> => ({ step, ...values }));

/** Every number of the last checkpoint, as text by name. */
function stateOf(name: string) {
  const { lastCheckpoint } = readRun(path.join(folder, 'runs', name));
  const { tensors } = readSafetensors(lastCheckpoint?.file ?? '');
  const bytes = [...tensors].map(([key, tensor]) => [key, Buffer.from(tensor.toBytes()).toString('base64')]);
  for (const tensor of tensors.values()) tensor.dispose();
  return Object.fromEntries(bytes);
}

test('two processes learn what one learns, repeat bit for bit and resume', async () => {
  expect(await train('alone')).toMatchObject({ code: 0, stderr: '' });
  const both = await train('both', ...together);
  expect(both).toMatchObject({ code: 0, stderr: '' });
  expect(both.stdout).toMatch(/^features \d+\.\d s {2}head \d+\.\d s {2}evaluation \d+\.\d s$/m);
  const [expected, received] = [lines('alone', 'train'), lines('both', 'train')];
  expect(received).toHaveLength(40);
  // The first step sees the same pixels and parameters; rounding grows with every step that is built on it.
  expect(received[0]?.mainLoss as number).toBeCloseTo(expected[0]?.mainLoss as number, 5);
  expect(received[9]?.mainLoss as number).toBeCloseTo(expected[9]?.mainLoss as number, 3);

  expect(await train('again', ...together)).toMatchObject({ code: 0, stderr: '' });
  expect(lines('again', 'train')).toEqual(received);
  expect(stateOf('again')).toEqual(stateOf('both'));

  let asked = false;
  const broken = await coarsely(['train', 'quick.yaml', '--name', 'broken', ...together], {
    cwd: folder,
    environment: environment(),
    onOutput: (stdout, child) => {
      if (asked || !stdout.includes('step 1/40')) return;
      asked = true;
      child.kill('SIGINT');
    },
  });
  expect(broken.code).toBe(130);
  const resumed = await coarsely(['train', '--resume', 'runs/broken', ...together], {
    cwd: folder,
    environment: environment(),
  });
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
  expect(lines('broken', 'train')).toEqual(received);
  expect(stateOf('broken')).toEqual(stateOf('both'));
});

test('losses over patches are shared by processes as pixels are', async () => {
  const losses = 'regionLosses=[{kind: candidates}, {kind: relaxation}, {kind: gated-crf, weight: 0.1}]';
  const words = ['--set', losses, '--set', 'quick.patches={count: 4, pool: 24}'];
  expect(await train('patches-alone', ...words)).toMatchObject({ code: 0, stderr: '' });
  expect(await train('patches-both', ...together, ...words)).toMatchObject({ code: 0, stderr: '' });
  const [expected, received] = [lines('patches-alone', 'train'), lines('patches-both', 'train')];
  for (const [step, digits] of [
    [0, 5],
    [9, 3],
  ] as const) {
    expect(expected[step]?.regionLoss).toBeGreaterThan(0);
    expect(received[step]?.regionLoss as number).toBeCloseTo(expected[step]?.regionLoss as number, digits);
  }
  const odd = await train('patches-odd', ...together, '--set', losses, '--set', 'quick.patches.count=3');
  expect(odd.stderr).toContain(
    'quick.patches.count: expected a multiple of 2, the number of processes, received 3',
  );
});

test('pixels that processes cannot share equally are refused with the nearest number', async () => {
  const { code, stderr } = await train('odd', ...together, '--set', 'quick.pixels=127');
  expect(code).not.toBe(0);
  expect(stderr).toContain(
    'quick.pixels: expected a multiple of 2, the number of processes, received 127; the nearest is 128',
  );
});
