/**
 * Runs the project's checks one after another, stops at the first that fails, and prints how long each took.
 *
 *   node build/scripts/check.js quick   format, lint, types, import rules, quick tests and unused code; compiles no C++
 *   node build/scripts/check.js all     these, GPU kernels where nvcc is installed, every test, and the packed package
 */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { project } from './project.js';

interface Check {
  readonly name: string;
  readonly program: string;
  readonly parameters: readonly string[];
}

const format: Check = {
  name: 'format and lint',
  program: 'biome',
  parameters: ['check', '--error-on-warnings', '.'],
};
const types: Check = { name: 'types', program: 'tsc', parameters: ['-b'] };
// After the types, because tests resolve coarsely/... to the files that tsc wrote.
const importRules: Check = {
  name: 'import rules',
  program: 'depcruise',
  parameters: ['--config', '.dependency-cruiser.cjs', 'src', 'test', 'bench', 'fuzz', 'scripts', 'examples'],
};
const gpuKernels: Check = {
  name: 'GPU kernels',
  program: 'node',
  parameters: ['build/scripts/check-cuda.js'],
};
const packed: Check = {
  name: 'packed package',
  program: 'node',
  parameters: ['build/scripts/check-package.js'],
};

/** The tests that need neither minutes nor a compiler (vitest.config.ts). */
const quickTests: Check = {
  name: 'quick tests',
  program: 'vitest',
  parameters: ['run', '--project', 'quick'],
};
const unusedCode: Check = { name: 'unused code', program: 'knip', parameters: ['--no-progress'] };
const allTests: Check = { name: 'tests', program: 'vitest', parameters: ['run'] };

const suites: Readonly<Record<string, readonly Check[]>> = {
  quick: [format, types, importRules, quickTests, unusedCode],
  all: [format, types, importRules, gpuKernels, allTests, packed, unusedCode],
};

function main(): number {
  const checks = suites[process.argv[2] ?? ''];
  if (!checks) {
    console.error(`usage: node build/scripts/check.js ${Object.keys(suites).join('|')}`);
    return 2;
  }
  const times: string[] = [];
  for (const { name, program, parameters } of checks) {
    console.log(`\n== ${name}`);
    const started = performance.now();
    const { status, error } = spawnSync(program, parameters, {
      cwd: project,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${join(project, 'node_modules/.bin')}:${process.env.PATH}` },
    });
    times.push(`${name} ${((performance.now() - started) / 1000).toFixed(1)} s`);
    if (status !== 0) {
      console.error(`\ncoarsely: ${name} failed${error ? `: ${error.message}` : ''}`);
      return 1;
    }
  }
  console.log(`\nAll passed: ${times.join(', ')}.`);
  return 0;
}

process.exitCode = main();
