/**
 * Plans a build of the addon: which sources are compiled, by which compiler, with which flags, and where the results go.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BuildError } from './build-error.js';
import { findNccl } from './find-nccl.js';
import { type Nvcc, nvccFlags, nvccFor } from './find-nvcc.js';
import { findTorch, type TorchInstallation } from './find-torch.js';

/** Describes a build of the addon for one libtorch. */
export interface BuildPlan {
  readonly torch: TorchInstallation;
  readonly nvcc: Nvcc | undefined;
  /** Says why GPU kernels are left out although libtorch has CUDA. */
  readonly reasonWithoutKernels: string | undefined;
  /** The folder of the C++ sources. */
  readonly native: string;
  /** Paths below `native`, sorted. */
  readonly sources: readonly string[];
  /** The command of the C++ compiler, which may start with a launcher, as in `ccache g++`. */
  readonly compiler: string;
  /** The folder that objects and addon are written to, one for each libtorch. */
  readonly folder: string;
  readonly addon: string;
}

export const isMac = process.platform === 'darwin';

/**
 * Finds libtorch and lists the sources to compile for it.
 *
 * @param native the folder of the C++ sources
 * @param output the folder that holds one build folder for each libtorch
 * @throws {TorchNotFoundError} when there is no libtorch
 * @throws {BuildError} when there are no sources
 */
export function createPlan(native: string, output: string): BuildPlan {
  const torch = findTorch();
  const { nvcc, reason } = nvccFor(torch);
  const sources = listSources(native, nvcc ? ['.cc', '.cu'] : ['.cc']);
  if (sources.length === 0) throw new BuildError(`no C++ sources in ${native}`);
  const folder = join(output, torch.key);
  return {
    torch,
    nvcc,
    reasonWithoutKernels: reason,
    native,
    sources,
    compiler: process.env.CXX || (isMac ? 'clang++' : 'g++'),
    folder,
    addon: join(folder, 'coarsely.node'),
  };
}

function listSources(native: string, endings: readonly string[]): string[] {
  if (!existsSync(native)) return [];
  return readdirSync(native, { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .sort();
}

export function compilerOf(plan: BuildPlan, source: string): string {
  return source.endsWith('.cu') && plan.nvcc ? plan.nvcc.program : plan.compiler;
}

/** Returns the flags that `source` is compiled with, apart from those for the precompiled headers. */
export function flagsOf(plan: BuildPlan, source: string): string[] {
  // `all-major` compiles for every GPU generation that this nvcc knows. It adds intermediate code (PTX), from which the
  // driver compiles for later generations.
  if (source.endsWith('.cu')) return [...nvccFlags(plan), '-arch=all-major'];
  if (!source.startsWith('distributed/')) return compileFlags(plan);
  // The shims replace headers that c10d includes and distributions leave out. Their folder is searched before all
  // others, so that every libtorch is compiled with the same ones.
  const own = ['-isystem', join(plan.native, 'distributed/shims')];
  if (plan.torch.c10d) own.push('-DUSE_C10D_GLOO');
  const nccl = findNccl(plan.torch, { toolkit: plan.nvcc?.includes });
  if (nccl) own.push('-DUSE_C10D_NCCL', ...nccl.flatMap((path) => ['-isystem', path]));
  return [...own, ...compileFlags(plan)];
}

/** Returns the flags that all C++ sources share. */
function compileFlags({ torch, nvcc, native }: BuildPlan): string[] {
  const nodeHeaders = new URL('include', import.meta.resolve('node-api-headers/package.json'));
  // -ffast-math is left out: it removes NaN checks and makes results depend on the compiler's choices.
  return [
    '-std=c++20',
    '-O3',
    '-Wall',
    '-Wextra',
    // Silences a note about how compilers before 2010 passed vectors.
    ...(isMac ? [] : ['-Wno-psabi']),
    '-fno-math-errno',
    '-fno-trapping-math',
    // Without OpenMP, at::parallel_for is serial and does not say so. The OpenMP library itself comes with libtorch.
    ...(isMac ? ['-Xclang', '-fopenmp'] : ['-fopenmp']),
    '-fPIC',
    '-fvisibility=hidden',
    '-DNAPI_VERSION=8',
    `-D_GLIBCXX_USE_CXX11_ABI=${torch.cxx11Abi}`,
    ...(torch.gloo ? ['-DUSE_C10D_GLOO'] : []),
    ...(torch.cuda ? ['-DCOARSELY_CUDA'] : []),
    ...(nvcc ? ['-DCOARSELY_CUDA_KERNELS', '-isystem', nvcc.includes] : []),
    `-I${native}`,
    '-isystem',
    fileURLToPath(nodeHeaders),
    ...torch.includes.flatMap((path) => ['-isystem', path]),
  ];
}

/**
 * Names the header that is precompiled once for all sources. It includes libtorch's headers, which take longer to read
 * than the sources to compile.
 */
export const sharedHeaders = 'torch_headers.h';

export function sharedHeadersPath(plan: BuildPlan): string {
  return join(plan.folder, `${sharedHeaders}.${isMac ? 'pch' : 'gch'}`);
}

/** Returns the flags by which `source` uses the precompiled headers; none for a source that does not use them. */
export function sharedHeaderFlags(plan: BuildPlan, source: string): string[] {
  // Precompiled headers fit one set of flags only, and sources in distributed/ have flags of their own.
  if (!source.endsWith('.cc') || source.startsWith('distributed/')) return [];
  if (!/#include <(ATen|torch)\//.test(readFileSync(join(plan.native, source), 'utf8'))) return [];
  return isMac ? ['-include-pch', sharedHeadersPath(plan)] : ['-include', join(plan.folder, sharedHeaders)];
}

export function linkFlags({ torch, nvcc }: BuildPlan): string[] {
  return [
    '-shared',
    ...(isMac ? ['-undefined', 'dynamic_lookup'] : ['-Wl,--no-as-needed']),
    ...torch.libraryFolders.map((path) => `-L${path}`),
    ...(torch.kind === 'pip' ? torch.libraryFolders.map((path) => `-Wl,-rpath,${path}`) : []),
    ...torch.libraries.map((name) => `-l${name}`),
    // The CUDA runtime is linked statically, so that its release may differ from the one that libtorch was built with.
    ...(nvcc ? [join(nvcc.libraries, 'libcudart_static.a'), '-lrt', '-lpthread'] : []),
    ...(isMac ? [] : ['-ldl']),
  ];
}
