/** Makes scratch folders, a tiny model's tensors and records for the tests of runs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MetricRecord } from 'coarsely/runs';
import { readSafetensors, type Tensor, tensorFrom } from 'coarsely/torch';
import { onTestFinished } from 'vitest';

/** A path for a run that does not exist yet, in a folder that goes when the test ends. */
export function scratchRun(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-runs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'run');
}

/** Runs `action` with tensors that tell the step they belong to. */
export function withTensors<T>(step: number, action: (tensors: Map<string, Tensor>) => T): T {
  const tensors = new Map([
    ['model.weight', tensorFrom([step, step + 0.5], { dtype: 'float32', shape: [2] })],
    ['generator', tensorFrom([step % 256], { dtype: 'uint8', shape: [1] })],
  ]);
  try {
    return action(tensors);
  } finally {
    for (const tensor of tensors.values()) tensor.dispose();
  }
}

/** The step that a checkpoint written with `withTensors` belongs to. */
export function stepInCheckpoint(path: string): number {
  const { tensors } = readSafetensors(path);
  const values = tensors.get('model.weight')?.toTypedArray();
  for (const tensor of tensors.values()) tensor.dispose();
  return Number(values?.[0]);
}

/** The line of a training step. */
export function trainRecord(step: number, loss: number): MetricRecord<'train'> {
  return { step, split: 'train', values: { loss, mainLoss: loss, learningRate: 2e-4 } };
}
