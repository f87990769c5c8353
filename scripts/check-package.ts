/**
 * Packs the package as `npm publish` would and uses it as a user does: it is unpacked into an empty project, every entry
 * point is imported, with types under strict settings, the command line answers, and the example trains.
 *
 *   node build/scripts/check-package.js             borrows dependencies and the compiled addon from this checkout
 *   node build/scripts/check-package.js --install   runs `npm install TARBALL`, which compiles the addon: minutes
 */

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { project } from './project.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: { readonly coarsely: string };
  readonly exports: Readonly<Record<string, string>>;
  readonly scripts: { readonly install: string };
}

const manifest: Manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));

/** Files that the tarball must hold; a folder stands for at least one file in it. */
const wanted = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'CITATION.cff',
  'dist/cli/main.js',
  'dist/addon/build.js',
  'dist/report/browser/page.js',
  'dist/web/index.html',
  'dist/report/browser/page.css',
  'native/addon.cc',
  'examples/',
  'docs/guide/',
];
/** Files that the tarball must not hold: what only this checkout needs, and what was built for this machine. */
const unwanted =
  /^(test|bench|build|scripts|node_modules|runs|demo|\.ci)\/|\.(node|o|tsbuildinfo|map|tgz)$|(^|\/)\./;

class PackageError extends Error {}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-package-'));
  try {
    const tarball = pack(folder);
    const user = join(folder, 'user');
    mkdirSync(user);
    writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }\n');
    if (process.argv.includes('--install')) install(user, tarball);
    else unpack(user, tarball);
    importTypes(user);
    importCode(user);
    runCommand(user);
    runExample(user);
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    console.error(`check-package: ${error.message}`);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function pack(folder: string): string {
  const options = ['--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder];
  const [packed] = JSON.parse(execute('npm', ['pack', ...options], project)) as {
    filename: string;
    size: number;
    files: { path: string }[];
  }[];
  if (!packed) throw new PackageError('npm pack made no tarball');
  const paths = packed.files.map(({ path }) => path);
  const missing = wanted.filter(
    (name) => !paths.some((path) => path === name || (name.endsWith('/') && path.startsWith(name))),
  );
  if (missing.length > 0) throw new PackageError(`the tarball lacks ${missing.join(', ')}`);
  const extra = paths.filter((path) => unwanted.test(path));
  if (extra.length > 0) throw new PackageError(`the tarball should not hold ${extra.join(', ')}`);
  for (const [name, path] of Object.entries(manifest.exports)) {
    if (!paths.includes(path.replace('./', '')))
      throw new PackageError(`export "${name}" leads to ${path}, which is not packed`);
  }
  console.log(`packed ${paths.length} files, ${(packed.size / 1024).toFixed(0)} KiB`);
  return join(folder, packed.filename);
}

function install(user: string, tarball: string): void {
  execute('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], user);
  if (!existsSync(join(user, 'node_modules', manifest.name, 'build/native/default.json')))
    throw new PackageError('npm install did not build the addon');
  // Only the user's own tools are borrowed.
  mkdirSync(join(user, 'node_modules/@types'), { recursive: true });
  link(user, '@types/node');
  link(user, 'undici-types');
}

function unpack(user: string, tarball: string): void {
  const home = join(user, 'node_modules', manifest.name);
  mkdirSync(home, { recursive: true });
  execute('tar', ['-xzf', tarball, '--strip-components=1', '-C', home], user);
  for (const name of readdirSync(join(project, 'node_modules'))) {
    if (!name.startsWith('.') && name !== manifest.name) link(user, name);
  }
  // npm would run this script now, and it must find all that it imports; with no libtorch at hand it builds nothing.
  const answer = spawnSync(manifest.scripts.install, {
    cwd: home,
    shell: true,
    encoding: 'utf8',
    env: { ...process.env, COARSELY_TORCH: join(user, 'nowhere') },
  });
  if (answer.status !== 0 || !answer.stderr.includes('npm rebuild coarsely'))
    throw new PackageError(`the install script of the package fails:\n${answer.stdout}${answer.stderr}`);
  cpSync(join(project, 'build/native'), join(home, 'build/native'), {
    recursive: true,
    filter: (path) => !/\.(o|d|signature|gch|pch)$/.test(path),
  });
}

function link(user: string, name: string): void {
  symlinkSync(join(project, 'node_modules', name), join(user, 'node_modules', name));
}

/** Entry points that are code; `./package.json` is not. */
const entries = Object.entries(manifest.exports)
  .filter(([, path]) => path.endsWith('.js'))
  .map(([name]) => name.replace('.', manifest.name));

function importTypes(user: string): void {
  const lines = entries.map((entry, index) => `export * as entry${index} from '${entry}';`);
  writeFileSync(join(user, 'types.ts'), `${lines.join('\n')}\n`);
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
  const library = ['--lib', 'es2023,esnext.disposable,esnext.iterator', '--types', 'node'];
  execute(join(project, 'node_modules/.bin/tsc'), [...options, ...library, 'types.ts'], user);
  console.log(`types of ${entries.length} entry points: good`);
}

function importCode(user: string): void {
  const lines = entries.map(
    (entry) => `if (Object.keys(await import('${entry}')).length === 0) throw '${entry} is empty';`,
  );
  writeFileSync(join(user, 'code.mjs'), `${lines.join('\n')}\n`);
  execute(process.execPath, ['code.mjs'], user);
  console.log(`code of ${entries.length} entry points: good`);
}

function runCommand(user: string): void {
  const command = join(user, 'node_modules', manifest.name, manifest.bin.coarsely);
  const version = execute(process.execPath, [command, '--version'], user).trim();
  if (version !== manifest.version)
    throw new PackageError(`coarsely --version answers ${version}, not ${manifest.version}`);
  console.log(execute(process.execPath, [command, 'doctor'], user).trimEnd());
}

/** Runs the packed example for three steps. */
function runExample(user: string): void {
  const example = join(user, 'node_modules', manifest.name, 'dist/examples/own-loop.js');
  const lines = execute(process.execPath, [example, '3'], user).trim().split('\n');
  console.log(`own-loop: ${lines.at(-1)}`);
}

function execute(program: string, parameters: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  const reason = error?.message ?? `${stdout}${stderr}`.trim();
  throw new PackageError(`${program} ${parameters.join(' ')} failed:\n${reason}`);
}

main();
