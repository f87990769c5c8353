// Finds nvcc, the compiler of kernels for NVIDIA's GPUs, and says whether what it compiles fits a libtorch.

import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/**
 * @typedef {object} Nvcc
 * @property {string} program
 * @property {string} release e.g. `13.0`
 * @property {string} includes the folder of cuda_runtime.h
 * @property {string} libraries the folder of libcudart_static.a
 */

/**
 * Asks NVCC, the PATH, CUDA_HOME and /usr/local/cuda, in this order.
 *
 * @returns {Nvcc | undefined} undefined when there is none, or no whole toolkit around it
 */
export function findNvcc(environment = process.env) {
  const onPath = (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, 'nvcc'));
  const homes = [environment.CUDA_HOME, '/usr/local/cuda'].filter(Boolean);
  const candidates = [environment.NVCC, ...onPath, ...homes.map((home) => join(home, 'bin/nvcc'))];
  for (const program of candidates) {
    if (!program || !existsSync(program)) continue;
    const found = describe(program, homes);
    if (found) return found;
  }
  return undefined;
}

function describe(program, homes) {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const release = status === 0 ? /release (\d+\.\d+)/.exec(stdout)?.[1] : undefined;
  if (!release) return undefined;
  // nvcc on the PATH may be a script that leads elsewhere: it says itself where its toolkit lies.
  const dry = spawnSync(program, ['--dryrun', '-x', 'cu', '-c', '/dev/null', '-o', '/dev/null'], {
    encoding: 'utf8',
  });
  const top = /^#\$ TOP=(.*)$/m.exec(dry.stderr ?? '')?.[1];
  for (const home of [top, dirname(dirname(realpathSync(program))), ...homes].filter(Boolean)) {
    const includes = [join(home, 'include'), join(home, 'targets/x86_64-linux/include')].find((folder) =>
      existsSync(join(folder, 'cuda_runtime.h')),
    );
    const libraries = ['lib64', 'lib', 'targets/x86_64-linux/lib']
      .map((name) => join(home, name))
      .find((folder) => existsSync(join(folder, 'libcudart_static.a')));
    if (includes && libraries) return { program, release, includes, libraries };
  }
  return undefined;
}

/**
 * The nvcc for a libtorch with CUDA, or why its kernels are left out; neither for one without.
 *
 * @param {{ cuda: boolean, cudaVersion?: string | undefined }} torch
 * @returns {{ nvcc?: Nvcc, reason?: string }}
 */
export function nvccFor(torch) {
  if (!torch.cuda) return {};
  const nvcc = findNvcc();
  if (!nvcc) return { reason: 'no nvcc was found (NVCC, the PATH, CUDA_HOME, /usr/local/cuda)' };
  const major = (version) => version.split('.')[0];
  if (torch.cudaVersion && major(torch.cudaVersion) !== major(nvcc.release)) {
    return { reason: `nvcc is of CUDA ${nvcc.release}, and this PyTorch of CUDA ${torch.cudaVersion}` };
  }
  return { nvcc };
}

/** The flags every kernel is compiled with. Never --use_fast_math: it breaks NaN checks and accuracy. */
export function nvccFlags({ native }) {
  return ['-std=c++20', '-O3', '-Xcompiler', '-fPIC,-fvisibility=hidden', `-I${native}`];
}
