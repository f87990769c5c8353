/** Checks that the import rules fail on every import they forbid, as rules that allow everything would pass unnoticed. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const project = join(import.meta.dirname, '../..');
let folder = '';

/** Runs the rules on a small tree, and returns a line `rule: from → to` for each forbidden import. */
function checkRules(files: Record<string, string>): { status: number | null; broken: string[] } {
  const tree = mkdtempSync(join(folder, 'tree-'));
  for (const name of ['package.json', '.dependency-cruiser.cjs'])
    cpSync(join(project, name), join(tree, name));
  symlinkSync(join(project, 'node_modules'), join(tree, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const folders = new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''));
  const { status, stdout } = spawnSync(
    join(project, 'node_modules/.bin/depcruise'),
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', '--no-progress', ...folders],
    { cwd: tree, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } },
  );
  const broken = [...stdout.matchAll(/error ([\w-]+): (\S+) → (\S*)/g)];
  return { status, broken: broken.map(([, rule, from, to]) => `${rule}: ${from} → ${to}`).sort() };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coarsely-rules-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const sound = {
  'src/errors/index.ts': 'export const error = 1;',
  'src/torch/index.ts': "export { error as tensor } from '../errors/index.js';",
  'src/torch/own.ts': 'export const own = 1;',
  'src/torch/native.ts': 'export const native = 1;',
  'src/nn/index.ts': "export { tensor } from '../torch/index.js';",
  'src/cli/main.ts': "import '../nn/index.js'; import 'commander'; import 'node:fs';",
  'dist/nn/index.js': 'export const tensor = 1;',
  'test/nn/layer.test.ts':
    "import { tensor } from 'coarsely/nn'; import { test } from 'vitest'; test('', tensor);",
};

test('a tree that keeps the rules passes', () => {
  expect(checkRules(sound)).toEqual({ status: 0, broken: [] });
}, 30_000);

test('every forbidden arrow is refused', () => {
  const { status, broken } = checkRules({
    ...sound,
    'src/errors/up.ts': "import '../torch/index.js';",
    'src/losses/index.ts': "import type { tensor } from '../nn/index.js'; export type Loss = typeof tensor;",
    'src/nn/side-door.ts': "import '../torch/own.js';",
    'src/nn/addon.ts': "import '../torch/native.js';",
    'src/data/first.ts': "import './second.js';",
    'src/data/second.ts': "import './first.js';",
    'src/attic/index.ts': 'export const dust = 1;',
    'src/cli/attic.ts': "import '../attic/index.js';",
    'src/cli/unshipped.ts': "import { test } from 'vitest'; test('', () => {});",
    'src/cli/nowhere.ts': "import './missing.js';",
    'test/nn/by-path.test.ts': "import '../../src/nn/index.js'; import '../../dist/nn/index.js';",
  });
  expect(broken.map((line) => line.replace(/\S*\/vitest\/\S*/, 'vitest'))).toEqual([
    'addon-only-from-torch: src/nn/addon.ts → src/torch/native.ts',
    'front-door: src/nn/addon.ts → src/torch/native.ts',
    'front-door: src/nn/side-door.ts → src/torch/own.ts',
    'known-rooms: src/cli/attic.ts → src/attic/index.ts',
    'no-circles: src/data/first.ts → ',
    'nothing-unresolved: src/cli/nowhere.ts → ./missing.js',
    'public-surface-only: test/nn/by-path.test.ts → dist/nn/index.js',
    'public-surface-only: test/nn/by-path.test.ts → src/nn/index.ts',
    'room-errors: src/errors/up.ts → src/torch/index.ts',
    'room-losses: src/losses/index.ts → src/nn/index.ts',
    'shipped-dependencies: src/cli/unshipped.ts → vitest',
  ]);
  expect(status).not.toBe(0);
}, 30_000);
