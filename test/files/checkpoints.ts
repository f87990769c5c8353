/** Gives the file tests the committed checkpoints, their contents according to PyTorch, and scratch folders. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from 'coarsely/torch';
import { expect, onTestFinished } from 'vitest';

export const versions = ['1.13', '2.13'] as const;

export interface ExpectedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly hex: string;
}

export function fixture(version: string, name: string): string {
  return join(import.meta.dirname, 'fixtures', version, name);
}

export function expectedTensors(version: string): Map<string, ExpectedTensor> {
  const text = readFileSync(fixture(version, 'expected.json'), 'utf8');
  return new Map(Object.entries(JSON.parse(text) as Record<string, ExpectedTensor>));
}

/** Describes a tensor as the expected values do: by its bytes, so that NaNs and bfloat16 are compared bit for bit. */
export function describeTensor(tensor: Tensor): ExpectedTensor {
  return { dtype: tensor.dtype, shape: tensor.shape, hex: Buffer.from(tensor.toBytes()).toString('hex') };
}

export function expectTensors(
  tensors: ReadonlyMap<string, Tensor>,
  expected: ReadonlyMap<string, ExpectedTensor>,
): void {
  expect(new Map([...tensors].map(([name, tensor]) => [name, describeTensor(tensor)]))).toEqual(expected);
}

export function disposeAll(tensors: ReadonlyMap<string, Tensor>): void {
  for (const tensor of tensors.values()) tensor.dispose();
}

/** Creates a folder that is removed when the test ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
