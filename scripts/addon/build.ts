/**
 * Builds the addon: compiles the .cc files of native/, and its .cu files where libtorch has CUDA and nvcc is installed, into
 *   build/native/KEY/coarsely.node   the addon, one for each libtorch, so that switching between them rebuilds nothing
 *   build/native/KEY/engine.json     which libtorch it is for, and which values of COARSELY_TORCH mean it
 *   build/native/default.json        which addon is loaded when COARSELY_TORCH is not set
 *   build/compile_commands.json      the command of each source, for editors
 *
 *   node dist/addon/build.js [--native FOLDER] [--output FOLDER]
 *   node dist/addon/build.js --on-install     succeeds without libtorch or compiler, as they can be installed later
 *   node dist/addon/build.js --print-engine   builds nothing, and prints the libtorch that would be used as JSON
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BuildError, MissingCompilerError } from './build-error.js';
import { compileAndLink } from './compile.js';
import { findTorch, TorchNotFoundError } from './find-torch.js';
import { isLinked, listStaleSources, signaturePath } from './freshness.js';
import { withLock } from './lock.js';
import { type BuildPlan, createPlan, isMac, sharedHeaders, sharedHeadersPath } from './plan.js';
import { recordCommands, recordEngine } from './records.js';

const project = resolve(import.meta.dirname, '../..');
const commandToRepeat = dirname(project).endsWith('node_modules')
  ? 'npm rebuild coarsely'
  : 'npm run build:native';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      native: { type: 'string', default: join(project, 'native') },
      output: { type: 'string', default: join(project, 'build', 'native') },
      'on-install': { type: 'boolean', default: false },
      'print-engine': { type: 'boolean', default: false },
    },
  });
  try {
    if (values['print-engine']) console.log(JSON.stringify(findTorch(), undefined, 2));
    else await build({ ...values, onInstall: values['on-install'] });
  } catch (error) {
    if (!(error instanceof BuildError || error instanceof TorchNotFoundError)) throw error;
    console.error(`coarsely: ${error.message}`);
    const canWait = error instanceof TorchNotFoundError || error instanceof MissingCompilerError;
    if (values['on-install'] && canWait) console.error(`Afterwards run: ${commandToRepeat}`);
    else process.exitCode = 1;
  }
}

async function build(options: { native: string; output: string; onInstall: boolean }): Promise<void> {
  const output = resolve(options.output);
  const plan = createPlan(resolve(options.native), output);
  if (listStaleSources(plan).length > 0 || !isLinked(plan)) {
    requireCompiler(plan.compiler);
    if (plan.reasonWithoutKernels) {
      console.log(
        `coarsely: GPU kernels of our own are left out, libtorch's are used instead: ${plan.reasonWithoutKernels}`,
      );
    }
    mkdirSync(plan.folder, { recursive: true });
    await withLock(join(output, 'lock'), () => compileAndLink(plan));
  }
  recordEngine(plan, output);
  if (options.onInstall) removePrecompiledHeaders(plan);
  else recordCommands(plan, output);
}

/** Frees hundreds of megabytes that only further compiling would use. */
function removePrecompiledHeaders(plan: BuildPlan): void {
  for (const path of [sharedHeadersPath(plan), signaturePath(plan, sharedHeaders)]) {
    rmSync(path, { force: true });
  }
}

function requireCompiler(compiler: string): void {
  const [program = ''] = compiler.split(' ');
  if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0) return;
  const install = isMac ? 'xcode-select --install' : 'sudo apt-get install g++';
  throw new MissingCompilerError(
    `the C++ compiler ${program} was not found. Install it with: ${install}    (or name another in CXX)`,
  );
}

await main();
