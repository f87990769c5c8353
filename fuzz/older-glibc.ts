/**
 * Lets the compiled part of Jazzer.js run with a glibc before 2.38, such as Debian 12's. Its binary asks for versions
 * of three functions that older libraries lack. A copy is marked to accept that, and a small library provides the
 * functions.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

const substitutes = `#include <cstdlib>
#include <iostream>
extern "C" {
long __isoc23_strtol(const char* text, char** end, int base) { return strtol(text, end, base); }
unsigned long __isoc23_strtoul(const char* text, char** end, int base) { return strtoul(text, end, base); }
void _ZSt21ios_base_library_initv() {}
}
`;
const newVersions = /^(GLIBC_2\.3[78]|GLIBCXX_3\.4\.3[1-9])$/;

/**
 * Returns the environment and the options of Node with which Jazzer.js runs on this machine; both are empty where its own
 * binary loads.
 */
export function jazzerSetting(folder: string): { env: Record<string, string>; options: string[] } {
  const binary = findBinary();
  if (process.platform !== 'linux' || canLoad(binary)) return { env: {}, options: [] };
  mkdirSync(folder, { recursive: true });
  const copy = join(folder, basename(binary));
  const library = join(folder, 'glibc-substitutes.so');
  const preload = join(folder, 'load-copy.cjs');
  writeFileSync(copy, withWeakVersions(readFileSync(binary)));
  if (!existsSync(library)) compileSubstitutes(library);
  writeFileSync(
    preload,
    `const load = process.dlopen;
process.dlopen = (module, file, ...rest) =>
  load.call(process, module, file.endsWith(${JSON.stringify(basename(binary))}) ? ${JSON.stringify(copy)} : file, ...rest);
`,
  );
  return { env: { LD_PRELOAD: library }, options: ['--require', preload] };
}

function findBinary(): string {
  const require = createRequire(import.meta.url);
  const core = createRequire(require.resolve('@jazzer.js/core'));
  const folder = join(dirname(core.resolve('@jazzer.js/fuzzer')), '..', 'prebuilds');
  const name = `fuzzer-${process.platform}-${process.arch}.node`;
  if (readdirSync(folder).includes(name)) return join(folder, name);
  throw new Error(`Jazzer.js has no binary ${name}; expected one for this platform in ${folder}`);
}

function canLoad(binary: string): boolean {
  const program = `require(${JSON.stringify(binary)})`;
  return spawnSync(process.execPath, ['-e', program], { stdio: 'ignore' }).status === 0;
}

function compileSubstitutes(library: string): void {
  const { status, stderr } = spawnSync('g++', ['-shared', '-fPIC', '-x', 'c++', '-', '-o', library], {
    input: substitutes,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the substitutes for a newer glibc do not compile: ${stderr}`);
}

const sectionOfNeeds = 0x6ffffffe;
const weak = 2;

/** Marks the versions of a 64-bit ELF file that older libraries lack as weak, which the loader accepts. */
function withWeakVersions(original: Uint8Array): Buffer {
  const file = Buffer.from(original);
  const offsetAt = (at: number) => Number(file.readBigUInt64LE(at));
  const [sections, sectionBytes, count] = [offsetAt(0x28), file.readUInt16LE(0x3a), file.readUInt16LE(0x3c)];
  for (let section = 0; section < count; section++) {
    const header = sections + section * sectionBytes;
    if (file.readUInt32LE(header + 4) !== sectionOfNeeds) continue;
    const texts = offsetAt(sections + file.readUInt32LE(header + 0x28) * sectionBytes + 0x18);
    for (let need = offsetAt(header + 0x18), next = 1; next !== 0; need += next) {
      let version = need + file.readUInt32LE(need + 8);
      for (let left = file.readUInt16LE(need + 2); left > 0; left--) {
        const name = texts + file.readUInt32LE(version + 8);
        const text = file.toString('latin1', name, file.indexOf(0, name));
        if (newVersions.test(text)) file.writeUInt16LE(weak, version + 4);
        version += file.readUInt32LE(version + 12);
      }
      next = file.readUInt32LE(need + 12);
    }
  }
  return file;
}
