/**
 * Finds the libtorch to compile against and to run on. Three places are searched, in this order:
 *   1. COARSELY_TORCH: pip's torch folder, a virtual environment (or any folder with site-packages), or a Python
 *      program;
 *   2. the PyTorch of the active `python3`;
 *   3. libtorch-dev of Debian and Ubuntu.
 * Python is only asked for the folder of its torch package: importing torch would take seconds.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Describes an installed libtorch: where its headers and libraries are, and which optional parts it has. */
export interface TorchInstallation {
  readonly kind: 'debian' | 'pip';
  /** The version that the installation states, e.g. `1.13.0` or `2.13.0+cpu`. */
  readonly version: string;
  /** The folder that identifies the installation: pip's torch folder, or Debian's include folder. */
  readonly folder: string;
  /** Header folders, in the order of search. */
  readonly includes: readonly string[];
  readonly libraryFolders: readonly string[];
  /** Names for the linker, without `lib` and `.so`. */
  readonly libraries: readonly string[];
  /** The value of _GLIBCXX_USE_CXX11_ABI that the libraries were compiled with. */
  readonly cxx11Abi: 0 | 1;
  readonly cuda: boolean;
  /** The CUDA release it was built with, e.g. `13.0`; undefined when the installation does not state it. */
  readonly cudaVersion?: string | undefined;
  /** Tells whether the headers of the Gloo collectives are installed. */
  readonly gloo: boolean;
  /** Tells whether its library of collectives, c10d, includes Gloo. */
  readonly c10d: boolean;
  /** The name of the build folder, e.g. `debian-1.13.0` or `pip-2.13.0-cpu`. */
  readonly key: string;
}

const collectivesHeader = 'torch/csrc/distributed/c10d/ProcessGroupGloo.hpp';

const remedy = [
  'Install one in either of these ways:',
  '  sudo apt-get install libtorch-dev libopenblas0-pthread libgloo-dev',
  '  python3 -m venv .venv && .venv/bin/pip install torch    (then set COARSELY_TORCH=.venv)',
].join('\n');

/** Reports that no usable libtorch was found, where it was searched for and how to get one. */
export class TorchNotFoundError extends Error {
  override readonly name = 'TorchNotFoundError';
}

/**
 * Returns the first usable libtorch of the three places.
 *
 * @param options.request a path that is used in place of the environment variable COARSELY_TORCH
 * @throws {TorchNotFoundError} when no place has a usable libtorch, or when the requested place has none; the other
 *   places are not searched then
 */
export function findTorch({
  request = process.env.COARSELY_TORCH,
}: {
  readonly request?: string | undefined;
} = {}): TorchInstallation {
  if (request) return fromRequest(request);
  const packaged = fromPython('python3');
  const found = (packaged && fromTorchFolder(packaged)) ?? fromDebian();
  if (found) return found;
  const half = packaged
    ? `The PyTorch of python3 in ${packaged} has no headers or libraries to compile against, and`
    : 'The active python3 has no PyTorch, and';
  throw new TorchNotFoundError(`No libtorch found. ${half} libtorch-dev is not installed.\n${remedy}`);
}

function fromRequest(request: string): TorchInstallation {
  const path = resolve(request);
  if (!existsSync(path)) {
    throw new TorchNotFoundError(`COARSELY_TORCH is ${request}, which does not exist.\n${remedy}`);
  }
  const folder = statSync(path).isDirectory() ? torchFolderInside(path) : fromPython(path);
  const found = folder && fromTorchFolder(folder);
  if (found) return found;
  throw new TorchNotFoundError(
    `COARSELY_TORCH is ${request}, which holds no PyTorch with headers and libraries. Expected pip's torch folder ` +
      `(with include/ and lib/), a virtual environment, or a Python program that has torch.\n${remedy}`,
  );
}

/** Returns the torch package's folder, which is `path` itself or lies in its site-packages. */
function torchFolderInside(path: string): string | undefined {
  const versions = existsSync(join(path, 'lib')) ? readdirSync(join(path, 'lib')) : [];
  const candidates = [
    path,
    join(path, 'torch'),
    join(path, 'site-packages', 'torch'),
    ...versions
      .filter((name) => name.startsWith('python'))
      .flatMap((name) => [
        join(path, 'lib', name, 'site-packages', 'torch'),
        join(path, 'lib', name, 'dist-packages', 'torch'),
      ]),
  ];
  return candidates.find((folder) => existsSync(join(folder, 'version.py')));
}

/** Returns the folder of the torch package that a Python program would import. */
function fromPython(python: string): string | undefined {
  // Without the empty entry of sys.path, a folder `torch` in the working directory is not mistaken for the package.
  const question =
    'import sys, importlib.util as u; sys.path = [p for p in sys.path if p]; ' +
    "s = u.find_spec('torch'); print(s.origin if s else '')";
  const answer = spawnSync(python, ['-c', question], { encoding: 'utf8', timeout: 30_000 });
  const origin = answer.status === 0 ? answer.stdout.trim() : '';
  return origin.endsWith('__init__.py') ? dirname(origin) : undefined;
}

/** Describes the libtorch in pip's torch folder; undefined when headers or libraries are missing. */
function fromTorchFolder(folder: string): TorchInstallation | undefined {
  const headers = join(folder, 'include', 'ATen', 'ATen.h');
  // The include folder of Debian's python3-torch links into /usr/include, and its libraries are the system's.
  const linked = existsSync(headers) && realpathSync(headers).startsWith('/usr/include/');
  if (linked || realpathSync(folder).startsWith('/usr/lib/python3/')) return fromDebian();
  const libraryFolder = join(folder, 'lib');
  if (!existsSync(headers) || !hasLibrary(libraryFolder, 'torch_cpu')) return undefined;

  const about = readFileSync(join(folder, 'version.py'), 'utf8');
  const version = /^__version__ = '([^']+)'/m.exec(about)?.[1];
  if (!version) return undefined;
  const cuda = hasLibrary(libraryFolder, 'torch_cuda');
  return {
    kind: 'pip',
    version,
    folder,
    includes: [join(folder, 'include'), join(folder, 'include/torch/csrc/api/include')],
    libraryFolders: [libraryFolder],
    libraries: libraryNames(cuda),
    cxx11Abi: readCxx11Abi(folder),
    cuda,
    cudaVersion: /^cuda\b[^=\n]*= '([^']+)'/m.exec(about)?.[1],
    gloo: existsSync(join(folder, 'include/gloo/algorithm.h')),
    c10d: existsSync(join(folder, 'include', collectivesHeader)),
    key: `pip-${version.replaceAll(/[^\w.]+/g, '-')}${cuda && !version.includes('+') ? '-cuda' : ''}`,
  };
}

/**
 * Returns the C++ ABI of a wheel. Wheels before 2.7 were compiled with either and state which in their CMake file;
 * later ones use the new ABI.
 */
function readCxx11Abi(folder: string): 0 | 1 {
  const config = join(folder, 'share/cmake/Torch/TorchConfig.cmake');
  if (!existsSync(config)) return 1;
  return /_GLIBCXX_USE_CXX11_ABI=0/.test(readFileSync(config, 'utf8')) ? 0 : 1;
}

function fromDebian(): TorchInstallation | undefined {
  const headers = '/usr/include/torch/csrc/api/include';
  const libraryFolder = systemLibraryFolders().find((path) => existsSync(join(path, 'libtorch.so')));
  if (!existsSync('/usr/include/ATen/ATen.h') || !libraryFolder) return undefined;
  const header = readFileSync(join(headers, 'torch/version.h'), 'utf8');
  const version = /define TORCH_VERSION\s+\\?\s*"([^"]+)"/.exec(header)?.[1];
  if (!version) return undefined;
  const cuda = hasLibrary(libraryFolder, 'torch_cuda');
  return {
    kind: 'debian',
    version,
    folder: '/usr/include/torch',
    includes: [headers],
    libraryFolders: [libraryFolder],
    libraries: libraryNames(cuda),
    cxx11Abi: 1,
    cuda,
    gloo: existsSync('/usr/include/gloo/algorithm.h'),
    c10d: existsSync(join('/usr/include', collectivesHeader)),
    key: `debian-${version}${cuda ? '-cuda' : ''}`,
  };
}

function libraryNames(cuda: boolean): string[] {
  return ['torch_cpu', 'torch', 'c10', ...(cuda ? ['torch_cuda', 'c10_cuda'] : [])];
}

/** Lists the library folders of Debian: one for each architecture, such as /usr/lib/x86_64-linux-gnu, then /usr/lib. */
function systemLibraryFolders(): string[] {
  if (!existsSync('/usr/lib')) return [];
  const byProcessor = readdirSync('/usr/lib').filter((name) => /-linux-gnu/.test(name));
  return [...byProcessor.map((name) => join('/usr/lib', name)), '/usr/lib'];
}

function hasLibrary(folder: string, name: string): boolean {
  return ['so', 'dylib'].some((ending) => existsSync(join(folder, `lib${name}.${ending}`)));
}
