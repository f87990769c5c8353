/**
 * Fuzzes one reader of files, guided by the coverage of its code.
 *
 *   npm run fuzz -- TARGET [--seconds N] [--seed N]
 *
 * TARGET is a file of targets/, or png-native, which runs the addon's PNG decoder under AddressSanitizer. Inputs that
 * reach new code are kept in build/fuzz-corpus/TARGET, and an input that fails is written to build/fuzz-findings/TARGET.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildNativeTarget } from './native-target.js';
import { jazzerSetting } from './older-glibc.js';
import type { FuzzTarget } from './support/target.js';

const project = resolve(import.meta.dirname, '../..');
const targetFolder = join(import.meta.dirname, 'targets');
const nativeTarget = 'png-native';
/** Ends an input that takes longer, in seconds; every reader answers within a fraction of one. */
const slowest = 20;
/** Lists the libraries that parse for the readers; the coverage of their code guides the fuzzer too. */
const libraries = ['yaml', 'fast-png', 'fflate', 'saxes'].map((library) => `node_modules/${library}`);
const memoryMebibytes = 3072;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '0' } },
  });
  const [name = ''] = positionals;
  const names = readdirSync(targetFolder).flatMap((file) =>
    file.endsWith('.js') ? [basename(file, '.js')] : [],
  );
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  if (![...names, nativeTarget].includes(name) || !(seconds > 0) || !Number.isInteger(seed)) {
    console.error(
      `usage: npm run fuzz -- TARGET [--seconds N] [--seed N], where TARGET is one of: ${[...names, nativeTarget].join(', ')}`,
    );
    return 2;
  }
  const isNative = name === nativeTarget;
  // The native target takes the PNGs of the other one as they are.
  const target = (await import(join(targetFolder, `${isNative ? 'png' : name}.js`))) as FuzzTarget;
  const folders = await prepareFolders(name, target);
  const engineOptions = [
    `-max_total_time=${seconds}`,
    `-seed=${seed}`,
    `-artifact_prefix=${folders.findings}/`,
    `-rss_limit_mb=${memoryMebibytes}`,
    `-dict=${folders.dictionary}`,
    '-print_final_stats=1',
  ];
  const corpora = [folders.corpus, folders.known];
  const status = isNative
    ? runProgram(buildNativeTarget(project), [...corpora, `-timeout=${slowest}`, ...engineOptions], {})
    : runJazzer(name, [...corpora, '--', ...engineOptions]);
  console.log(
    status === 0
      ? `${name}: no finding in ${seconds} s`
      : `${name}: an input fails; it is in ${relative(process.cwd(), folders.findings)}. Copy it to fuzz/inputs/${name}, where the tests replay it`,
  );
  return status;
}

/** Writes the seeds and the dictionary, and returns the folders of a target. */
async function prepareFolders(name: string, { seeds, dictionary }: FuzzTarget) {
  const corpus = join(project, 'build/fuzz-corpus', name);
  const findings = join(project, 'build/fuzz-findings', name);
  const known = join(project, 'fuzz/inputs', name);
  for (const folder of [corpus, findings, known]) mkdirSync(folder, { recursive: true });
  for (const [index, seed] of (await seeds()).entries()) writeFileSync(join(corpus, `seed-${index}`), seed);
  const dictionaryFile = `${corpus}.dict`;
  writeFileSync(dictionaryFile, dictionary.map((token) => `"${escaped(token)}"\n`).join(''));
  return { corpus, findings, known, dictionary: dictionaryFile };
}

/** Writes a token as libFuzzer's dictionaries do: every byte but letters, digits and a few signs in hexadecimal. */
function escaped(token: string): string {
  return [...Buffer.from(token)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[\w .,:=~*&!?<>[\]-]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}

function runJazzer(name: string, words: readonly string[]): number {
  const { env, options } = jazzerSetting(join(project, 'build/fuzz-engine'));
  const require = createRequire(import.meta.url);
  const jazzer = join(require.resolve('@jazzer.js/core'), '..', 'cli.js');
  const instrumented = ['dist', 'build/fuzz', ...libraries].flatMap((folder) => [
    '-i',
    `${project}/${folder}/`,
  ]);
  const target = join(targetFolder, `${name}.js`);
  // Names of images are joined to folders and then looked for among listed files, which the target checks.
  const detectors = ['--disableBugDetectors', 'path-traversal'];
  const own = [...instrumented, '-e', 'node_modules/@', '--timeout', String(1000 * slowest), ...detectors];
  return runProgram(process.execPath, [...options, jazzer, target, ...own, ...words], env);
}

function runProgram(program: string, words: readonly string[], env: Record<string, string>): number {
  const { status, signal } = spawnSync(program, words, {
    stdio: 'inherit',
    cwd: project,
    env: { ...process.env, OMP_NUM_THREADS: '1', ...env },
  });
  if (signal !== null) console.error(`ended by ${signal}`);
  return status ?? 1;
}

process.exitCode = await main();
