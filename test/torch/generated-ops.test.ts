/** Checks that the generated operators are those of native/ops.txt and of this libtorch. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('npm run generate:ops -- --check passes', () => {
  const script = fileURLToPath(new URL('../../build/scripts/generate-ops.js', import.meta.url));
  expect(execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' })).toMatch(/up to date/);
});
