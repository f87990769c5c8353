/**
 * Compiles the GPU kernels with all warnings as errors. Without nvcc it says so and passes. A kernel that has passed is
 * not compiled again until it, a header or a flag changes.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findNvcc, nvccFlags } from '#addon/find-nvcc.js';
import { project } from './project.js';

const native = join(project, 'native');
const kernels = join(native, 'kernels');

function main(): number {
  const sources = readdirSync(join(kernels, 'cuda')).filter((name) => name.endsWith('.cu'));
  const nvcc = findNvcc();
  if (!nvcc) {
    console.log(`nvcc was not found: ${sources.length} kernel files for a GPU are not compiled.`);
    return 0;
  }
  const flags = [
    ...nvccFlags({ native }),
    '-arch=sm_90',
    '-Werror',
    'all-warnings',
    '-Xcompiler',
    '-Wall,-Wextra',
  ];
  const folder = join(project, 'build/cuda-check');
  mkdirSync(folder, { recursive: true });
  for (const source of sources) {
    const passed = join(folder, `${source}.passed`);
    const digest = digestOf(source, [nvcc.release, ...flags]);
    if (existsSync(passed) && readFileSync(passed, 'utf8') === digest) continue;
    const parameters = [...flags, '-c', join(kernels, 'cuda', source), '-o', join(folder, `${source}.o`)];
    const { status } = spawnSync(nvcc.program, parameters, { stdio: 'inherit' });
    if (status !== 0) return 1;
    writeFileSync(passed, digest);
  }
  console.log(`${sources.length} kernel files for a GPU compile with nvcc ${nvcc.release}.`);
  return 0;
}

/** Returns a digest of the source, the flags and every header that the source might include. */
function digestOf(source: string, flags: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(flags));
  const headers = readdirSync(kernels, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.h'),
  );
  for (const name of [join('cuda', source), ...headers.sort()]) {
    digest.update(name).update(readFileSync(join(kernels, name)));
  }
  return digest.digest('hex');
}

process.exitCode = main();
