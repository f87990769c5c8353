// Runs the project's checks one after another, stops at the first that fails, and says how long each took.
//   node scripts/check.mjs quick   format, lint, import rules, types, GPU kernels where nvcc is there, unit tests
//   node scripts/check.mjs all     these, whether the generated ops are current, every test, and the packed package

import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = join(dirname(fileURLToPath(import.meta.url)), '..');

const format = ['format and lint', 'biome', ['check', '--error-on-warnings', '.']];
const types = ['types', 'tsc', ['-b']];
// After the types: tests resolve coarsely/... to what tsc wrote.
const importRules = [
  'import rules',
  'depcruise',
  ['--config', '.dependency-cruiser.cjs', 'src', 'test', 'bench', 'examples'],
];
const generated = ['generated ops', 'node', ['scripts/generate-ops.mjs', '--check']];
const gpuKernels = ['GPU kernels', 'node', ['scripts/check-cuda.mjs']];
const packed = ['packed package', 'node', ['scripts/check-package.mjs']];

// Suites that train networks, compile or start programs; the rest are unit tests.
const slowSuites = ['cli', 'docs', 'examples', 'golden', 'overfit', 'resume', 'training', 'project'];
const unitTests = ['unit tests', 'vitest', ['run', ...slowSuites.map((name) => `--exclude=test/${name}/**`)]];
const allTests = ['tests', 'vitest', ['run']];

const suites = {
  quick: [format, types, importRules, gpuKernels, unitTests],
  all: [format, types, importRules, gpuKernels, generated, allTests, packed],
};

function main() {
  const checks = suites[process.argv[2]];
  if (!checks) {
    console.error(`usage: node scripts/check.mjs ${Object.keys(suites).join('|')}`);
    return 2;
  }
  const times = [];
  for (const [name, program, parameters] of checks) {
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
