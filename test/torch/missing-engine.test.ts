/** Checks what this package does on a machine without libtorch. */

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** Runs a module in a process for which there is no build of the addon, and returns what it prints. */
function runWithoutEngine(program: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    env: { ...process.env, COARSELY_TORCH: '/nowhere' },
  });
  return stdout + stderr;
}

test('images are read without the kernels of the addon', () => {
  const program = "import { imageKernels } from '#torch/image-kernels.js'; console.log(imageKernels());";
  expect(runWithoutEngine(program)).toBe('null\n');
});

test('whatever computes says that libtorch is missing', () => {
  const program =
    "import { zeros } from 'coarsely/torch'; try { zeros([1], { dtype: 'float32' }) } catch (error) { console.log(error.name, error.message) }";
  expect(runWithoutEngine(program)).toMatch(/^EngineError COARSELY_TORCH=\/nowhere: no such file or folder/);
});
