/** Checks by name that src/torch is the only caller of the addon; the import rules check it by path. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as publicDoor from 'coarsely/torch';
import { expect, test } from 'vitest';
import * as internalDoor from '#torch/internal.js';
import { native } from '#torch/native.js';
import { operator } from '#torch/operator.js';
import { wrap } from '#torch/tensor.js';

const source = join(import.meta.dirname, '../../src');

test.each([
  ['index.ts', publicDoor],
  ['internal.ts', internalDoor],
])('%s of src/torch exports neither the addon nor what makes tensors of its handles', (_, door) => {
  const exported: unknown[] = Object.values(door);
  expect(exported.length).toBeGreaterThan(5);
  for (const inner of [native, native(), operator, wrap]) expect(exported).not.toContain(inner);
});

test('no other room names the functions that lead to the addon', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.startsWith('torch/'),
  );
  expect(files.length).toBeGreaterThan(200);
  const leadsToAddon = /\bnative\(\)|\bbindOperator\b|\bwrap\(|new Tensor\(|\.node'/;
  expect(files.filter((path) => leadsToAddon.test(readFileSync(join(source, path), 'utf8')))).toEqual([]);
});
