// Finds the libtorch to compile against and to run on. Three places are asked, in this order:
//   1. COARSELY_TORCH: pip's torch folder, a virtual environment (or any folder with site-packages), or a python;
//   2. the PyTorch of the active `python3`;
//   3. Debian's and Ubuntu's libtorch-dev.
// Python only says where its torch package lies; nothing of torch is imported, which would take seconds.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * @typedef {object} TorchInstallation
 * @property {'debian' | 'pip'} kind
 * @property {string} version as the installation states it, e.g. `1.13.0` or `2.13.0+cpu`
 * @property {string} folder what identifies the installation: pip's torch folder, or Debian's include folder
 * @property {string[]} includes header folders, in order
 * @property {string[]} libraryFolders
 * @property {string[]} libraries names for the linker, without `lib` and `.so`
 * @property {0 | 1} cxx11Abi the value of _GLIBCXX_USE_CXX11_ABI the libraries were compiled with
 * @property {boolean} cuda
 * @property {string | undefined} [cudaVersion] the release of CUDA it was built with, where it says so, e.g. `13.0`
 * @property {boolean} gloo whether the headers of the gloo collectives are there
 * @property {boolean} c10d whether its library of collectives, c10d, comes with Gloo
 * @property {string} key names the build folder, e.g. `debian-1.13.0` or `pip-2.13.0-cpu`
 */

const collectives = 'torch/csrc/distributed/c10d/ProcessGroupGloo.hpp';

/** The two commands that provide an engine; every message about a missing one ends with them. */
export const remedy = [
  'Provide one with either of:',
  '  sudo apt-get install libtorch-dev libopenblas0-pthread libgloo-dev',
  '  python3 -m venv .venv && .venv/bin/pip install torch    (then set COARSELY_TORCH=.venv)',
].join('\n');

/** No usable libtorch was found; the message says what was asked and how to get one. */
export class TorchNotFoundError extends Error {
  name = 'TorchNotFoundError';
}

/**
 * Finds libtorch.
 *
 * @param {{ request?: string | undefined }} [options] `request` replaces COARSELY_TORCH
 * @returns {TorchInstallation}
 * @throws {TorchNotFoundError} when no place has one, or when the requested place has none: a request never falls back
 */
export function findTorch({ request = process.env.COARSELY_TORCH } = {}) {
  if (request) return fromRequest(request);
  const packaged = fromPython('python3');
  const found = (packaged && fromTorchFolder(packaged)) ?? fromDebian();
  if (found) return found;
  const half = packaged
    ? `The PyTorch of python3 in ${packaged} has no headers or libraries to compile against, and`
    : 'The active python3 has no PyTorch, and';
  throw new TorchNotFoundError(`No libtorch found. ${half} libtorch-dev is not installed.\n${remedy}`);
}

function fromRequest(request) {
  const path = resolve(request);
  if (!existsSync(path)) {
    throw new TorchNotFoundError(`COARSELY_TORCH is ${request}, which does not exist.\n${remedy}`);
  }
  const folder = statSync(path).isDirectory() ? torchFolderInside(path) : fromPython(path);
  const found = folder && fromTorchFolder(folder);
  if (found) return found;
  throw new TorchNotFoundError(
    `COARSELY_TORCH is ${request}, which holds no PyTorch with headers and libraries. Expected pip's torch folder ` +
      `(with include/ and lib/), a virtual environment, or a python that has torch.\n${remedy}`,
  );
}

/** @returns {string | undefined} the torch package's folder, for the folder itself or one that has it installed */
function torchFolderInside(path) {
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

/** Asks a python where its torch lies. */
function fromPython(python) {
  // Without the empty entry of sys.path, a folder `torch` in the working directory is not taken for the package.
  const question =
    'import sys, importlib.util as u; sys.path = [p for p in sys.path if p]; ' +
    "s = u.find_spec('torch'); print(s.origin if s else '')";
  const answer = spawnSync(python, ['-c', question], { encoding: 'utf8', timeout: 30_000 });
  const origin = answer.status === 0 ? answer.stdout.trim() : '';
  return origin.endsWith('__init__.py') ? dirname(origin) : undefined;
}

/** @returns {TorchInstallation | undefined} undefined when the folder lacks headers or libraries */
function fromTorchFolder(folder) {
  const headers = join(folder, 'include', 'ATen', 'ATen.h');
  // python3-torch's include/ is links into /usr/include, and the libraries are the system's.
  const linked = existsSync(headers) && realpathSync(headers).startsWith('/usr/include/');
  if (linked || realpathSync(folder).startsWith('/usr/lib/python3/')) return fromDebian();
  const libraryFolder = join(folder, 'lib');
  if (!existsSync(headers) || !hasLibrary(libraryFolder, 'torch_cpu')) return undefined;

  const about = readFileSync(join(folder, 'version.py'), 'utf8');
  const version = /^__version__ = '([^']+)'/m.exec(about)?.[1];
  if (!version) return undefined;
  const cuda = hasLibrary(libraryFolder, 'torch_cuda');
  const includes = [join(folder, 'include'), join(folder, 'include/torch/csrc/api/include')];
  return {
    kind: 'pip',
    version,
    folder,
    includes,
    libraryFolders: [libraryFolder],
    libraries: ['torch_cpu', 'torch', 'c10', ...(cuda ? ['torch_cuda', 'c10_cuda'] : [])],
    cxx11Abi: readCxx11Abi(folder),
    cuda,
    cudaVersion: /^cuda\b[^=\n]*= '([^']+)'/m.exec(about)?.[1],
    gloo: existsSync(join(folder, 'include/gloo/algorithm.h')),
    c10d: existsSync(join(folder, 'include', collectives)),
    key: `pip-${version.replaceAll(/[^\w.]+/g, '-')}${cuda && !version.includes('+') ? '-cuda' : ''}`,
  };
}

/** Wheels before 2.7 were compiled with either ABI and say which in their CMake file; later ones use the new one. */
function readCxx11Abi(folder) {
  const config = join(folder, 'share/cmake/Torch/TorchConfig.cmake');
  if (!existsSync(config)) return 1;
  return /_GLIBCXX_USE_CXX11_ABI=0/.test(readFileSync(config, 'utf8')) ? 0 : 1;
}

/** @returns {TorchInstallation | undefined} */
function fromDebian() {
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
    libraries: ['torch_cpu', 'torch', 'c10', ...(cuda ? ['torch_cuda', 'c10_cuda'] : [])],
    cxx11Abi: 1,
    cuda,
    gloo: existsSync('/usr/include/gloo/algorithm.h'),
    c10d: existsSync(join('/usr/include', collectives)),
    key: `debian-${version}${cuda ? '-cuda' : ''}`,
  };
}

/** /usr/lib/x86_64-linux-gnu and the like: Debian keeps libraries by processor. */
function systemLibraryFolders() {
  if (!existsSync('/usr/lib')) return [];
  const byProcessor = readdirSync('/usr/lib').filter((name) => /-linux-gnu/.test(name));
  return [...byProcessor.map((name) => join('/usr/lib', name)), '/usr/lib'];
}

function hasLibrary(folder, name) {
  return ['so', 'dylib'].some((ending) => existsSync(join(folder, `lib${name}.${ending}`)));
}

if (process.argv[1] && basename(process.argv[1]) === 'find-torch.mjs') {
  try {
    console.log(JSON.stringify(findTorch(), undefined, 2));
  } catch (error) {
    if (!(error instanceof TorchNotFoundError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
