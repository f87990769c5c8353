// Compiles native/**/*.cc, and where the libtorch that find-torch.mjs finds has CUDA native/**/*.cu with nvcc, into
//   build/native/KEY/coarsely.node   the addon, one per engine, so that switching engines needs no rebuild
//   build/native/KEY/engine.json     { key, path, kind, version, cuda, folder, requests }
//   build/native/default.json        { key, path } of the engine used when COARSELY_TORCH is not set
// `requests` are the absolute values of COARSELY_TORCH that led to this engine: what a program loads when it runs
// with that value. Objects are recompiled when their own text, a header of ours, the compiler or a flag has changed.
//
//   node scripts/build-native.mjs [--on-install] [--native FOLDER] [--output FOLDER]

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findNccl } from './find-nccl.mjs';
import { nvccFlags, nvccFor } from './find-nvcc.mjs';
import { findTorch, TorchNotFoundError } from './find-torch.mjs';

const project = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const isMac = process.platform === 'darwin';
const again = dirname(project).endsWith('node_modules') ? 'npm rebuild coarsely' : 'npm run build:native';

/** Something the user can put right; printed without a stack. */
class BuildError extends Error {
  name = 'BuildError';
}

async function main() {
  const { values } = parseArgs({
    options: {
      'on-install': { type: 'boolean', default: false },
      native: { type: 'string', default: join(project, 'native') },
      output: { type: 'string', default: join(project, 'build', 'native') },
    },
  });
  try {
    const plan = await build(resolve(values.native), resolve(values.output));
    // Hundreds of megabytes that only further compiling has a use for.
    if (values['on-install'])
      for (const path of [sharedHeadersPath(plan), signaturePath(plan, sharedHeaders)])
        rmSync(path, { force: true });
  } catch (error) {
    if (error instanceof TorchNotFoundError || error instanceof MissingCompilerError) {
      console.error(`coarsely: ${error.message}`);
      // An install must still succeed: the engine can be provided later.
      if (values['on-install']) console.error(`Afterwards run: ${again}`);
      else process.exitCode = 1;
    } else if (error instanceof BuildError) {
      console.error(`coarsely: ${error.message}`);
      process.exitCode = 1;
    } else throw error;
  }
}

class MissingCompilerError extends BuildError {}

async function build(native, output) {
  const torch = findTorch();
  const { nvcc, reason } = nvccFor(torch);
  const sources = listSources(native, nvcc ? ['.cc', '.cu'] : ['.cc']);
  if (sources.length === 0) throw new BuildError(`no C++ sources in ${native}`);
  const compiler = process.env.CXX || (isMac ? 'clang++' : 'g++');
  const folder = join(output, torch.key);
  const plan = { torch, nvcc, native, sources, compiler, folder, addon: join(folder, 'coarsely.node') };

  if (staleSources(plan).length > 0 || !isLinked(plan)) {
    requireCompiler(compiler);
    if (reason)
      console.log(`coarsely: GPU kernels of our own are left out, the engine's serve instead: ${reason}`);
    mkdirSync(folder, { recursive: true });
    await locked(join(output, 'lock'), () => compileAndLink(plan));
  }
  recordEngine(plan, output);
  return plan;
}

function listSources(native, endings) {
  if (!existsSync(native)) return [];
  return readdirSync(native, { recursive: true })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .sort();
}

function requireCompiler(compiler) {
  const [program] = compiler.split(' ');
  if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0) return;
  const install = isMac ? 'xcode-select --install' : 'sudo apt-get install g++';
  throw new MissingCompilerError(
    `the C++ compiler ${program} was not found. Install it with: ${install}    (or name another in CXX)`,
  );
}

/** The flags every source is compiled with. Never -ffast-math: it breaks NaN checks and repeatability. */
function compileFlags({ torch, nvcc, native }) {
  const headers = createRequire(import.meta.url).resolve('node-api-headers/package.json');
  return [
    '-std=c++20',
    '-O3',
    '-Wall',
    '-Wextra',
    // A note that vectors were passed otherwise by a compiler of 2010.
    ...(isMac ? [] : ['-Wno-psabi']),
    '-fno-math-errno',
    '-fno-trapping-math',
    // Without it at::parallel_for is silently serial. The OpenMP library itself is the one libtorch brings.
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
    join(dirname(headers), 'include'),
    ...torch.includes.flatMap((path) => ['-isystem', path]),
  ];
}

/**
 * Sources on c10d also see stand-ins for headers that c10d's include and distributions leave out; before all others, so
 * that every engine sees the same.
 */
function flagsOf(plan, source) {
  // Every generation of GPUs that this nvcc knows, and those to come through its intermediate code.
  if (source.endsWith('.cu')) return [...nvccFlags(plan), '-arch=all-major'];
  if (!source.startsWith('distributed/')) return compileFlags(plan);
  const own = ['-isystem', join(plan.native, 'distributed/stand_ins')];
  if (plan.torch.c10d) own.push('-DUSE_C10D_GLOO');
  const nccl = findNccl(plan.torch, { toolkit: plan.nvcc?.includes });
  if (nccl) own.push('-DUSE_C10D_NCCL', ...nccl.flatMap((path) => ['-isystem', path]));
  return [...own, ...compileFlags(plan)];
}

/** libtorch's headers take longer to read than our sources to compile, so that they are read once, for all sources alike. */
const sharedHeaders = 'torch_headers.h';
const sharedHeadersPath = (plan) => join(plan.folder, `${sharedHeaders}.${isMac ? 'pch' : 'gch'}`);

/** How a source gets the compiled headers: none that has flags of its own, as a compiled header knows only one set. */
function sharedHeaderFlags(plan, source) {
  if (!source.endsWith('.cc') || source.startsWith('distributed/')) return [];
  if (!/#include <(ATen|torch)\//.test(readFileSync(join(plan.native, source), 'utf8'))) return [];
  return isMac ? ['-include-pch', sharedHeadersPath(plan)] : ['-include', join(plan.folder, sharedHeaders)];
}

const compilerOf = (plan, source) => (source.endsWith('.cu') ? plan.nvcc.program : plan.compiler);

function linkFlags({ torch, nvcc }) {
  return [
    '-shared',
    ...(isMac ? ['-undefined', 'dynamic_lookup'] : ['-Wl,--no-as-needed']),
    ...torch.libraryFolders.map((path) => `-L${path}`),
    ...(torch.kind === 'pip' ? torch.libraryFolders.map((path) => `-Wl,-rpath,${path}`) : []),
    ...torch.libraries.map((name) => `-l${name}`),
    // Static, so that it need not be the very release that libtorch brings.
    ...(nvcc ? [join(nvcc.libraries, 'libcudart_static.a'), '-lrt', '-lpthread'] : []),
    ...(isMac ? [] : ['-ldl']),
  ];
}

const objectPath = (plan, source) =>
  source === sharedHeaders ? sharedHeadersPath(plan) : join(plan.folder, `${source.replaceAll('/', '__')}.o`);
const signaturePath = (plan, source) => `${objectPath(plan, source)}.signature`;

/** A digest of everything the object depends on, or undefined when it has not been compiled yet. */
function signature(plan, source) {
  const rules = `${objectPath(plan, source)}.d`;
  if (!existsSync(objectPath(plan, source)) || !existsSync(rules)) return undefined;
  const digest = createHash('sha256').update(
    JSON.stringify([compilerOf(plan, source), flagsOf(plan, source)]),
  );
  // "object: source header \<newline> header", with spaces in names escaped.
  const files = readFileSync(rules, 'utf8')
    .replace(/^.*?: /s, '')
    .replaceAll('\\\n', ' ');
  for (const name of files.split(/(?<!\\)\s+/).filter(Boolean)) {
    const path = name.replaceAll('\\ ', ' ');
    if (!existsSync(path)) return undefined;
    // The compiled headers themselves are large; what they were made of says as much.
    if (path === sharedHeadersPath(plan))
      digest.update(readIfThere(signaturePath(plan, sharedHeaders)) ?? '');
    else digest.update(path).update(readFileSync(path));
  }
  return digest.digest('hex');
}

function isStale(plan, source) {
  const now = signature(plan, source);
  return now === undefined || now !== readIfThere(signaturePath(plan, source));
}

const staleSources = (plan) => plan.sources.filter((source) => isStale(plan, source));

/** The link is fresh when it was made from exactly these objects with these flags. */
function linkSignature(plan) {
  const digest = createHash('sha256').update(JSON.stringify([plan.compiler, linkFlags(plan)]));
  for (const source of plan.sources)
    digest.update(source).update(readIfThere(signaturePath(plan, source)) ?? '');
  return digest.digest('hex');
}

const isLinked = (plan) =>
  existsSync(plan.addon) && readIfThere(`${plan.addon}.signature`) === linkSignature(plan);

async function compileAndLink(plan) {
  const stale = staleSources(plan);
  const started = performance.now();
  if (stale.length > 0) {
    console.log(
      `coarsely: compiling ${stale.length} of ${plan.sources.length} sources for ${plan.torch.key}`,
    );
  }
  if (stale.some((source) => sharedHeaderFlags(plan, source).length > 0) && isStale(plan, sharedHeaders))
    await compile(plan, sharedHeaders);
  await eachInParallel(plan, stale, (source) => compile(plan, source));
  removeLeftovers(plan);
  if (!isLinked(plan)) {
    // Linked beside and renamed: a running program keeps the addon it has loaded.
    const fresh = `${plan.addon}.${process.pid}`;
    const objects = plan.sources.map((source) => objectPath(plan, source));
    await execute(plan.compiler, ['-o', fresh, ...objects, ...linkFlags(plan)], 'linking the addon');
    renameSync(fresh, plan.addon);
    writeFileSync(`${plan.addon}.signature`, linkSignature(plan));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`coarsely: built ${relative(process.cwd(), plan.addon)} in ${seconds} s`);
  }
}

async function compile(plan, source) {
  const object = objectPath(plan, source);
  rmSync(signaturePath(plan, source), { force: true });
  const kind = source === sharedHeaders ? ['-x', 'c++-header'] : ['-c'];
  const files = [...kind, join(plan.native, source), '-o', object, '-MMD', '-MF', `${object}.d`];
  const flags = [...flagsOf(plan, source), ...sharedHeaderFlags(plan, source)];
  await execute(compilerOf(plan, source), [...flags, ...files], `compiling ${source}`);
  writeFileSync(signaturePath(plan, source), signature(plan, source) ?? '');
}

/** Objects of sources that no longer exist. */
function removeLeftovers(plan) {
  const wanted = new Set(plan.sources.map((source) => objectPath(plan, source)));
  for (const name of readdirSync(plan.folder)) {
    const object = /^(.*\.o)(\.d|\.signature)?$/.exec(name)?.[1];
    if (object && !wanted.has(join(plan.folder, object))) rmSync(join(plan.folder, name), { force: true });
  }
}

/** As many compilers at once as there are cores; the largest sources first, so that none is left for the end. */
async function eachInParallel(plan, sources, work) {
  const size = (source) => statSync(join(plan.native, source)).size;
  const queue = [...sources].sort((a, b) => size(b) - size(a));
  const worker = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) await work(source);
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), queue.length) }, worker));
}

function execute(program, parameters, what) {
  const [file, ...first] = program.split(' ');
  return new Promise((done, fail) => {
    const child = spawn(file, [...first, ...parameters], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', fail);
    child.on('close', (status, signal) => {
      if (status === 0) return done();
      fail(new BuildError(`${what} failed: ${file} ended with ${signal ?? `status ${status}`}`));
    });
  });
}

/** Holds `path` while `work` runs, so that two builds at once do not write the same objects. */
async function locked(path, work) {
  for (let first = true; ; first = false) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(path)) rmSync(path, { force: true });
    else {
      if (first) console.log('coarsely: another build is running; waiting for it');
      await sleep(200);
    }
  }
  try {
    await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function isAbandoned(path) {
  const holder = Number(readIfThere(path));
  // A lock being written holds no number yet: give its writer a moment.
  if (!holder) return existsSync(path) && Date.now() - statSync(path).mtimeMs > 5000;
  try {
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function recordEngine({ torch, folder, addon }, output) {
  const { key, kind, version, cuda } = torch;
  const record = join(folder, 'engine.json');
  const before = parseIfThere(record);
  const requests = new Set(before?.folder === torch.folder ? before.requests : []);
  if (process.env.COARSELY_TORCH) requests.add(resolve(process.env.COARSELY_TORCH));
  writeChanged(record, {
    key,
    path: addon,
    kind,
    version,
    cuda,
    folder: torch.folder,
    requests: [...requests],
  });

  // A request builds its engine beside the default one; it becomes the default only where there is none.
  const standard = join(output, 'default.json');
  const current = parseIfThere(standard);
  if (process.env.COARSELY_TORCH && current && existsSync(current.path)) return;
  writeChanged(standard, { key, path: addon });
}

function writeChanged(path, value) {
  const text = `${JSON.stringify(value, undefined, 2)}\n`;
  if (readIfThere(path) === text) return;
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}

const readIfThere = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

function parseIfThere(path) {
  const text = readIfThere(path);
  return text === undefined ? undefined : JSON.parse(text);
}

await main();
