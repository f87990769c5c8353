/** Builds the addon's PNG decoder as a program of libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const sources = ['native/images/png.cc', 'native/images/inflate.cc', 'native/images/unfilter.cc'];

/**
 * Compiles the program unless it is newer than its sources, and returns its path.
 *
 * @throws {Error} when clang or its sanitizers are missing; `apt-get install clang-14 libclang-rt-14-dev` installs them
 */
export function buildNativeTarget(project: string): string {
  const folder = join(project, 'build/fuzz-engine');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'png-native');
  const inputs = [...sources, 'fuzz/native/png.cc'].map((source) => join(project, source));
  const headers = readdirSync(join(project, 'native/images')).map((name) =>
    join(project, 'native/images', name),
  );
  const changed = Math.max(...[...inputs, ...headers].map((path) => statSync(path).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > changed) return program;
  const compiler = process.env.CLANG ?? 'clang++-14';
  const words = [
    '-std=c++20',
    '-g',
    '-O1',
    '-fsanitize=fuzzer,address,undefined',
    '-fno-sanitize-recover=all',
    '-I',
    join(project, 'native'),
    ...inputs,
    // The decoder looks zlib up by name, as it does in Node.
    '-Wl,--no-as-needed',
    '-l:libz.so.1',
    '-o',
    program,
  ];
  const { status, error } = spawnSync(compiler, words, { stdio: 'inherit' });
  if (status === 0) return program;
  throw new Error(
    `${compiler} did not compile the target${error ? ` (${error.message})` : ''}; install clang-14 and libclang-rt-14-dev, or name another clang in CLANG`,
  );
}
