/** Compiles the stale sources of a plan in parallel and links the addon. */

import { spawn } from 'node:child_process';
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { BuildError } from './build-error.js';
import {
  isLinked,
  isStale,
  linkSignatureOf,
  listStaleSources,
  objectPath,
  signatureOf,
  signaturePath,
} from './freshness.js';
import { type BuildPlan, compilerOf, flagsOf, linkFlags, sharedHeaderFlags, sharedHeaders } from './plan.js';

/** @throws {BuildError} when the compiler or the linker fails; the addon of the build before stays */
export async function compileAndLink(plan: BuildPlan): Promise<void> {
  const stale = listStaleSources(plan);
  const started = performance.now();
  if (stale.length > 0) {
    console.log(
      `coarsely: compiling ${stale.length} of ${plan.sources.length} sources for ${plan.torch.key}`,
    );
  }
  if (stale.some((source) => sharedHeaderFlags(plan, source).length > 0) && isStale(plan, sharedHeaders)) {
    await compile(plan, sharedHeaders);
  }
  await compileInParallel(plan, stale);
  removeLeftovers(plan);
  if (isLinked(plan)) return;
  // Linked under another name and then renamed: a running program keeps the addon that it has loaded.
  const fresh = `${plan.addon}.${process.pid}`;
  const objects = plan.sources.map((source) => objectPath(plan, source));
  await execute(plan.compiler, ['-o', fresh, ...objects, ...linkFlags(plan)], 'linking the addon');
  renameSync(fresh, plan.addon);
  writeFileSync(`${plan.addon}.signature`, linkSignatureOf(plan));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`coarsely: built ${relative(process.cwd(), plan.addon)} in ${seconds} s`);
}

async function compile(plan: BuildPlan, source: string): Promise<void> {
  const object = objectPath(plan, source);
  rmSync(signaturePath(plan, source), { force: true });
  const kind = source === sharedHeaders ? ['-x', 'c++-header'] : ['-c'];
  const files = [...kind, join(plan.native, source), '-o', object, '-MMD', '-MF', `${object}.d`];
  const flags = [...flagsOf(plan, source), ...sharedHeaderFlags(plan, source)];
  await execute(compilerOf(plan, source), [...flags, ...files], `compiling ${source}`);
  writeFileSync(signaturePath(plan, source), signatureOf(plan, source) ?? '');
}

/** Runs one compiler for each core. Large sources come first, so that none of them is left for the end. */
async function compileInParallel(plan: BuildPlan, sources: readonly string[]): Promise<void> {
  const size = (source: string) => statSync(join(plan.native, source)).size;
  const queue = [...sources].sort((a, b) => size(b) - size(a));
  const worker = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      await compile(plan, source);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), queue.length) }, worker));
}

/** Removes the objects of sources that no longer exist. */
function removeLeftovers(plan: BuildPlan): void {
  const wanted = new Set(plan.sources.map((source) => objectPath(plan, source)));
  for (const name of readdirSync(plan.folder)) {
    const object = /^(.*\.o)(\.d|\.signature)?$/.exec(name)?.[1];
    if (object && !wanted.has(join(plan.folder, object))) rmSync(join(plan.folder, name), { force: true });
  }
}

function execute(command: string, parameters: readonly string[], purpose: string): Promise<void> {
  const [program = '', ...first] = command.split(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...first, ...parameters], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0) resolve();
      else reject(new BuildError(`${purpose} failed: ${program} ended with ${signal ?? `status ${status}`}`));
    });
  });
}
