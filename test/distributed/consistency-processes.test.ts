/** Checks that two processes that learn from a moving average stop together by held-out points, and repeat bit for bit. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readRun } from 'coarsely/runs';
import { writeScenes } from 'coarsely/scenes';
import { readSafetensors } from 'coarsely/torch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coarsely } from '../cli/run-command.js';
import { writePoints } from '../training/write-points.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-consistency-processes-'));
  await writeScenes(path.join(folder, 'scenes'), { train: 6, validation: 2, width: 96, height: 64 });
  await writePoints(path.join(folder, 'scenes'), 30);
  const config = {
    data: {
      root: 'scenes',
      train: { split: 'train', labels: 'coarse' },
      evaluation: { split: 'val', labels: 'fine' },
      points: { share: 0.3 },
      augmentation: { cropSize: [48, 64] },
      workers: 0,
    },
    model: { backbone: { kind: 'resnet18' }, head: { kind: 'deeplabv3plus', channels: 16 }, auxiliary: null },
    teacher: { momentum: 0.9 },
    regionLosses: [{ kind: 'consistency', threshold: 0.05, weight: 20 }],
    optimizer: { kind: 'adamw', learningRate: 0.003 },
    training: {
      ...{ iterations: 6, batchSize: 4, evaluateEvery: 1, checkpointEvery: 6, logEvery: 1 },
      stopping: { heldOut: 0.4, patience: 1, tolerance: 0, action: 'end' },
    },
    precision: 'float32',
    threads: 1,
  };
  writeFileSync(path.join(folder, 'both.yaml'), JSON.stringify(config));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Returns the lines of an output without libtorch's remark on strides: a weight of two forward passes gets the sum of two
 * gradients, whose dimensions of length 1 have other strides than the weight. The numbers are the same.
 */
function complaintsOf(stderr: string): string[] {
  const remark = /InitGoogleLogging|Grad strides do not match|grad\.sizes\(\)|bucket_view\.sizes\(\)/;
  return stderr.split('\n').filter((line) => line.trim() !== '' && !remark.test(line));
}

test('two processes take the same scores, and have the same bits again', async () => {
  const results = [];
  for (const name of ['first', 'second']) {
    const { code, stderr } = await coarsely(['train', 'both.yaml', '--name', name, '--processes', '2'], {
      cwd: folder,
    });
    expect({ code, complaints: complaintsOf(stderr) }).toEqual({ code: 0, complaints: [] });
    const run = readRun(path.join(folder, 'runs', name));
    const lines = run.metrics.filter(({ split }) => ['train', 'heldOut', 'val'].includes(split));
    const { tensors } = readSafetensors(run.lastCheckpoint?.file ?? '');
    const state = [...tensors].map(([key, tensor]) => [
      key,
      Buffer.from(tensor.toBytes()).toString('base64'),
    ]);
    for (const tensor of tensors.values()) tensor.dispose();
    results.push({ lines, state, step: run.lastCheckpoint?.step });
  }
  const [first, second] = results;
  expect(second).toEqual(first);
  const scores = first?.lines.filter(({ split }) => split === 'heldOut') ?? [];
  expect(scores.length).toBe(first?.step);
  expect(first?.state.some(([name]) => name === 'frequencies')).toBe(true);
});
