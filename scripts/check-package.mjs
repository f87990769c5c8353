// Packs the package as `npm publish` would and uses it as a stranger does: it is unpacked into an empty project, every
// entry point is imported, with types under strict settings, the command line answers, and the example trains.
//   node scripts/check-package.mjs             dependencies and the compiled addon are borrowed from this checkout
//   node scripts/check-package.mjs --install   a real `npm install` of the tarball, which compiles the addon: minutes

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));

/** Must be in the tarball; a folder stands for at least one file in it. */
const wanted = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'CITATION.cff',
  'dist/cli/main.js',
  'native/addon.cc',
  'scripts/build-native.mjs',
  'scripts/find-nccl.mjs',
  'scripts/find-nvcc.mjs',
  'scripts/find-torch.mjs',
  'examples/',
  'docs/guide/',
];
/** Must not be: what only this checkout needs, and what was built for this machine. */
const unwanted = /^(test|bench|build|node_modules|runs|demo|\.ci)\/|\.(node|o|tsbuildinfo|map|tgz)$|(^|\/)\./;

class PackageError extends Error {
  name = 'PackageError';
}

function main() {
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

function pack(folder) {
  const options = ['--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder];
  const [packed] = JSON.parse(execute('npm', ['pack', ...options], project));
  const paths = packed.files.map(({ path }) => path);
  const missing = wanted.filter(
    (name) => !paths.some((path) => path === name || (name.endsWith('/') && path.startsWith(name))),
  );
  if (missing.length > 0) throw new PackageError(`the tarball lacks ${missing.join(', ')}`);
  const extra = paths.filter((path) => unwanted.test(path));
  if (extra.length > 0) throw new PackageError(`the tarball should not hold ${extra.join(', ')}`);
  for (const [name, path] of Object.entries(manifest.exports)) {
    if (!paths.includes(path.replace('./', '')))
      throw new PackageError(`export "${name}" leads to ${path}, not packed`);
  }
  console.log(`packed ${paths.length} files, ${(packed.size / 1024).toFixed(0)} KiB`);
  return join(folder, packed.filename);
}

function install(user, tarball) {
  execute('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], user);
  // Only the user's own tools come from here.
  mkdirSync(join(user, 'node_modules/@types'), { recursive: true });
  link(user, '@types/node');
  link(user, 'undici-types');
}

function unpack(user, tarball) {
  const home = join(user, 'node_modules', manifest.name);
  mkdirSync(home, { recursive: true });
  execute('tar', ['-xzf', tarball, '--strip-components=1', '-C', home], user);
  for (const name of readdirSync(join(project, 'node_modules'))) {
    if (!name.startsWith('.') && name !== manifest.name) link(user, name);
  }
  cpSync(join(project, 'build/native'), join(home, 'build/native'), {
    recursive: true,
    filter: (path) => !/\.(o|d|signature)$/.test(path),
  });
}

function link(user, name) {
  symlinkSync(join(project, 'node_modules', name), join(user, 'node_modules', name));
}

/** Entry points that are code; `./package.json` is not. */
const entries = Object.entries(manifest.exports)
  .filter(([, path]) => path.endsWith('.js'))
  .map(([name]) => name.replace('.', manifest.name));

function importTypes(user) {
  const lines = entries.map((entry, index) => `export * as entry${index} from '${entry}';`);
  writeFileSync(join(user, 'types.ts'), `${lines.join('\n')}\n`);
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
  const library = ['--lib', 'es2023,esnext.disposable,esnext.iterator', '--types', 'node'];
  execute(join(project, 'node_modules/.bin/tsc'), [...options, ...library, 'types.ts'], user);
  console.log(`types of ${entries.length} entry points: good`);
}

function importCode(user) {
  const lines = entries.map(
    (entry) => `if (Object.keys(await import('${entry}')).length === 0) throw '${entry} is empty';`,
  );
  writeFileSync(join(user, 'code.mjs'), `${lines.join('\n')}\n`);
  execute(process.execPath, ['code.mjs'], user);
  console.log(`code of ${entries.length} entry points: good`);
}

function runCommand(user) {
  const command = join(user, 'node_modules', manifest.name, manifest.bin.coarsely);
  const version = execute(process.execPath, [command, '--version'], user).trim();
  if (version !== manifest.version)
    throw new PackageError(`coarsely --version answers ${version}, not ${manifest.version}`);
  console.log(execute(process.execPath, [command, 'doctor'], user).trimEnd());
}

/** A few steps of the example in the package. */
function runExample(user) {
  const example = join(user, 'node_modules', manifest.name, 'dist/examples/own-loop.js');
  const lines = execute(process.execPath, [example, '3'], user).trim().split('\n');
  console.log(`own-loop: ${lines.at(-1)}`);
}

function execute(program, parameters, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  const reason = error?.message ?? `${stdout}${stderr}`.trim();
  throw new PackageError(`${program} ${parameters.join(' ')} failed:\n${reason}`);
}

main();
