/** Replaces functions of node:fs for one test, to meet file systems that this machine does not have. */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished } from 'vitest';

type Name = 'linkSync' | 'fsyncSync' | 'renameSync' | 'writeSync' | 'openSync';
type Call = (...args: never[]) => unknown;

/** An error as Node throws it when a system call fails. */
export function systemError(code: string, syscall: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: made by a test, ${syscall}`), { code, syscall });
}

/** Lets `replace` decide about every call of a function; it gets the real one. The original is back when the test ends. */
export function patchFileSystem(name: Name, replace: (real: Call) => Call): void {
  const real = fs[name] as unknown as Call;
  Object.assign(fs, { [name]: replace(real) });
  syncBuiltinESMExports();
  onTestFinished(() => {
    Object.assign(fs, { [name]: real });
    syncBuiltinESMExports();
  });
}

/** Makes every call of a function fail with this code. */
export function failAlways(name: Name, code: string): void {
  patchFileSystem(name, () => () => {
    throw systemError(code, name.replace('Sync', ''));
  });
}
