/**
 * Finds nvcc, NVIDIA's compiler for GPU kernels, and decides whether kernels that it compiles can be linked with a given
 * libtorch.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Describes an nvcc and the CUDA toolkit around it. */
export interface Nvcc {
  readonly program: string;
  /** The CUDA release, e.g. `13.0`. */
  readonly release: string;
  /** The folder that holds cuda_runtime.h. */
  readonly includes: string;
  /** The folder that holds libcudart_static.a. */
  readonly libraries: string;
}

/**
 * Returns the first complete CUDA toolkit that NVCC, the PATH, CUDA_HOME or /usr/local/cuda (in this order) leads to, or
 * undefined when none does.
 */
export function findNvcc(environment: NodeJS.ProcessEnv = process.env): Nvcc | undefined {
  const onPath = (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, 'nvcc'));
  const homes = [environment.CUDA_HOME, '/usr/local/cuda'].filter((home) => home !== undefined);
  const candidates = [environment.NVCC, ...onPath, ...homes.map((home) => join(home, 'bin/nvcc'))];
  for (const program of candidates) {
    if (!program || !existsSync(program)) continue;
    const found = describe(program, homes);
    if (found) return found;
  }
  return undefined;
}

function describe(program: string, homes: readonly string[]): Nvcc | undefined {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const release = status === 0 ? /release (\d+\.\d+)/.exec(stdout)?.[1] : undefined;
  if (!release) return undefined;
  // nvcc on the PATH may be a wrapper script, so a dry run is asked for the folder of its toolkit.
  const dry = spawnSync(program, ['--dryrun', '-x', 'cu', '-c', '/dev/null', '-o', '/dev/null'], {
    encoding: 'utf8',
  });
  const top = /^#\$ TOP=(.*)$/m.exec(dry.stderr ?? '')?.[1];
  for (const home of [top, dirname(dirname(realpathSync(program))), ...homes]) {
    if (!home) continue;
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
 * Returns the nvcc to compile GPU kernels with for a libtorch with CUDA, or the reason why they must be left out. Returns
 * neither for a libtorch without CUDA.
 */
export function nvccFor(torch: { readonly cuda: boolean; readonly cudaVersion?: string | undefined }): {
  nvcc?: Nvcc;
  reason?: string;
} {
  if (!torch.cuda) return {};
  const nvcc = findNvcc();
  if (!nvcc) return { reason: 'no nvcc was found (NVCC, the PATH, CUDA_HOME, /usr/local/cuda)' };
  const major = (version: string) => version.split('.')[0];
  if (torch.cudaVersion && major(torch.cudaVersion) !== major(nvcc.release)) {
    return { reason: `nvcc is of CUDA ${nvcc.release}, and this PyTorch of CUDA ${torch.cudaVersion}` };
  }
  return { nvcc };
}

/** Returns the flags that every GPU kernel is compiled with. */
export function nvccFlags({ native }: { readonly native: string }): string[] {
  // Never --use_fast_math: it removes NaN checks and loses accuracy.
  return ['-std=c++20', '-O3', '-Xcompiler', '-fPIC,-fvisibility=hidden', `-I${native}`];
}
