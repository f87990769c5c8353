/** Checks where nvcc is searched for, and which PyTorch its kernels fit, on a CUDA toolkit of three files. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findNvcc, nvccFor } from '#addon/find-nvcc.js';

let home = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'coarsely-nvcc-'));
  for (const folder of ['bin', 'include', 'lib64']) mkdirSync(join(home, folder));
  writeFileSync(join(home, 'bin/nvcc'), '#!/bin/sh\necho "Cuda compilation tools, release 12.9, V12.9.86"\n');
  chmodSync(join(home, 'bin/nvcc'), 0o755);
  writeFileSync(join(home, 'include/cuda_runtime.h'), '');
  writeFileSync(join(home, 'lib64/libcudart_static.a'), '');
});
afterAll(() => rmSync(home, { recursive: true }));

const toolkit = () => ({
  program: join(home, 'bin/nvcc'),
  release: '12.9',
  includes: join(home, 'include'),
  libraries: join(home, 'lib64'),
});

test('is found by name, on the PATH and in CUDA_HOME', () => {
  expect(findNvcc({ NVCC: join(home, 'bin/nvcc') })).toEqual(toolkit());
  expect(findNvcc({ PATH: join(home, 'bin') })).toEqual(toolkit());
  expect(findNvcc({ PATH: '', CUDA_HOME: home })).toEqual(toolkit());
});

test('serves a PyTorch of the same major release, and says why it does not serve another', () => {
  vi.stubEnv('NVCC', join(home, 'bin/nvcc'));
  expect(nvccFor({ cuda: false })).toEqual({});
  expect(nvccFor({ cuda: true, cudaVersion: '12.4' })).toEqual({ nvcc: toolkit() });
  expect(nvccFor({ cuda: true, cudaVersion: '13.0' })).toEqual({
    reason: 'nvcc is of CUDA 12.9, and this PyTorch of CUDA 13.0',
  });
  vi.unstubAllEnvs();
});
