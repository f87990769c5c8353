/**
 * Checks the builder of the addon on a small addon of two files: that it recompiles what has changed and nothing else, and
 * which messages it prints when libtorch or the compiler is missing.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const script = join(import.meta.dirname, '../../dist/addon/build.js');
let folder = '';

function build(parameters: string[] = [], environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [script, '--native', join(folder, 'native'), '--output', join(folder, 'build'), ...parameters],
    { encoding: 'utf8', env: { ...process.env, ...environment } },
  );
  return { status, stdout, stderr };
}

function readNote(): { key: string; path: string } {
  return JSON.parse(readFileSync(join(folder, 'build/default.json'), 'utf8'));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coarsely-native-'));
  mkdirSync(join(folder, 'native/kernels'), { recursive: true });
  writeFileSync(join(folder, 'native/answer.h'), '#pragma once\nint answer();\n');
  writeFileSync(
    join(folder, 'native/kernels/answer.cc'),
    '#include "answer.h"\nint answer() { return 42; }\n',
  );
  writeFileSync(
    join(folder, 'native/addon.cc'),
    '#include <node_api.h>\n#include "answer.h"\nNAPI_MODULE_INIT() {\n  napi_value value;\n' +
      '  napi_create_int32(env, answer(), &value);\n  return value;\n}\n',
  );
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('compiles once, then only what changed', () => {
  expect(build()).toMatchObject({ status: 0, stdout: expect.stringContaining('compiling 2 of 2 sources') });
  const { path } = readNote();
  expect(createRequire(import.meta.url)(path)).toBe(42);

  const before = statSync(path).mtimeMs;
  expect(build()).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(statSync(path).mtimeMs).toBe(before);

  writeFileSync(
    join(folder, 'native/kernels/answer.cc'),
    '#include "answer.h"\nint answer() { return 43; }\n',
  );
  expect(build().stdout).toContain('compiling 1 of 2 sources');
  // Both sources include this header.
  writeFileSync(join(folder, 'native/answer.h'), '#pragma once\nint answer();  // changed\n');
  expect(build().stdout).toContain('compiling 2 of 2 sources');
}, 60_000);

test('a source that does not compile is named, and the addon before it stays', () => {
  const source = join(folder, 'native/addon.cc');
  const text = readFileSync(source, 'utf8');
  writeFileSync(source, `${text}int broken = ;\n`);
  expect(build()).toMatchObject({ status: 1, stderr: expect.stringContaining('compiling addon.cc failed') });
  expect(statSync(readNote().path).isFile()).toBe(true);
  writeFileSync(source, text);
}, 60_000);

test('without an engine the two commands are named; only an install goes on', () => {
  const nowhere = { COARSELY_TORCH: join(folder, 'nowhere') };
  const refused = build([], nowhere);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('nowhere, which does not exist');
  expect(refused.stderr).toContain('sudo apt-get install libtorch-dev libopenblas0-pthread libgloo-dev');
  expect(refused.stderr).toContain('python3 -m venv .venv && .venv/bin/pip install torch');
  expect(build(['--on-install'], nowhere)).toMatchObject({
    status: 0,
    stderr: expect.stringContaining('Afterwards run:'),
  });
  expect(build([], { COARSELY_TORCH: folder }).stderr).toContain(
    'holds no PyTorch with headers and libraries',
  );
});

test('without a compiler the package that has one is named', () => {
  writeFileSync(
    join(folder, 'native/kernels/answer.cc'),
    '#include "answer.h"\nint answer() { return 44; }\n',
  );
  const refused = build([], { CXX: 'no-such-compiler' });
  expect(refused.status).toBe(1);
  expect(refused.stderr).toMatch(/C\+\+ compiler no-such-compiler was not found\. Install it with: /);
});
