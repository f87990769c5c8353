// Exits with 0 when node_modules holds exactly what package-lock.json names, with 1 when `npm ci` is needed.
// npm writes down what it installed in node_modules/.package-lock.json, in the same form.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = join(dirname(fileURLToPath(import.meta.url)), '..');

function isCurrent() {
  const record = join(project, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = readPackages(join(project, 'package-lock.json'));
  const installed = readPackages(record);
  for (const [name, { integrity }] of installed) {
    if (wanted.get(name)?.integrity !== integrity || !existsSync(join(project, name))) return false;
  }
  // Optional packages are the ones for other processors and systems.
  return [...wanted].every(([name, { optional }]) => optional || name === '' || installed.has(name));
}

function readPackages(path) {
  return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')).packages));
}

process.exitCode = isCurrent() ? 0 : 1;
