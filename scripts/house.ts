/**
 * Prints how large each room of the repository is, in files and lines of source, and how many names the package exports.
 *
 *   npm run house                    the working tree
 *   npm run house -- REF             a commit, branch or tag of git, or a folder that holds the repository
 *   npm run house -- BEFORE AFTER    two of them beside each other; `.` is the working tree
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { project } from './project.js';

interface Size {
  readonly files: number;
  readonly lines: number;
}

interface House {
  readonly title: string;
  /** Sizes by room; a room is a folder in src/, or another top folder that holds source. */
  readonly rooms: ReadonlyMap<string, Size>;
  readonly publicNames: number;
}

const sourceEndings = /\.(ts|mts|mjs|cjs|js|css|cc|h|cu|cuh|py|sh)$/;
const otherFolders = ['native', 'test', 'bench', 'scripts', 'examples'];
const skippedFolders = new Set(['node_modules', 'generated', 'dist', 'build', '__pycache__']);

function main(): void {
  const [before = '.', after] = process.argv.slice(2);
  const houses = [before, ...(after === undefined ? [] : [after])].map(measureTarget);
  const names = new Set(houses.flatMap(({ rooms }) => [...rooms.keys()]));
  const rows = [...names].map((name) => [name, ...houses.flatMap(({ rooms }) => cells(rooms.get(name)))]);
  const header = ['room', ...houses.flatMap(({ title }) => [`files, ${title}`, `lines, ${title}`])];
  const total = ['total', ...houses.flatMap(({ rooms }) => cells(sum([...rooms.values()])))];
  printTable([header, ...rows, total]);
  for (const { title, publicNames } of houses) console.log(`public names, ${title}: ${publicNames}`);
}

function measureTarget(target: string): House {
  const title = target === '.' ? 'working tree' : target;
  if (target === '.') return measureFolder(project, title);
  if (existsSync(join(target, 'package.json'))) return measureFolder(target, title);
  const folder = mkdtempSync(join(tmpdir(), 'coarsely-house-'));
  try {
    extractCommit(target, folder);
    return measureFolder(folder, title);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function extractCommit(ref: string, folder: string): void {
  const archive = spawnSync('git', ['archive', ref], { cwd: project, maxBuffer: 2 ** 30 });
  if (archive.status !== 0) {
    throw new Error(
      `${ref} is neither a folder with a package.json nor known to git: ${archive.stderr.toString().trim()}`,
    );
  }
  const unpacked = spawnSync('tar', ['-x', '-C', folder], { input: archive.stdout });
  if (unpacked.status !== 0) throw new Error(`tar failed: ${unpacked.stderr.toString().trim()}`);
}

function measureFolder(folder: string, title: string): House {
  const rooms = new Map<string, Size>();
  const inSrc = readdirSync(join(folder, 'src'), { withFileTypes: true });
  for (const entry of inSrc) {
    if (entry.isDirectory()) rooms.set(`src/${entry.name}`, sizeOf(join(folder, 'src', entry.name)));
  }
  for (const name of otherFolders) {
    if (existsSync(join(folder, name))) rooms.set(name, sizeOf(join(folder, name)));
  }
  return { title, rooms, publicNames: countPublicNames(folder) };
}

function sizeOf(folder: string): Size {
  const sizes = readdirSync(folder, { withFileTypes: true }).map((entry): Size => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skippedFolders.has(entry.name) ? { files: 0, lines: 0 } : sizeOf(path);
    if (!sourceEndings.test(entry.name)) return { files: 0, lines: 0 };
    return { files: 1, lines: readFileSync(path, 'utf8').split('\n').length - 1 };
  });
  return sum(sizes);
}

function sum(sizes: readonly Size[]): Size {
  return {
    files: sizes.reduce((total, { files }) => total + files, 0),
    lines: sizes.reduce((total, { lines }) => total + lines, 0),
  };
}

/** Counts the names, types included, that the package's entry points export; a name of several entries counts once. */
function countPublicNames(folder: string): number {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, string>;
  };
  const entries = Object.values(manifest.exports)
    .filter((path) => path.endsWith('.js'))
    .map((path) => join(folder, path.replace('./dist/', 'src/').replace(/\.js$/, '.ts')));
  const program = ts.createProgram(entries, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    noEmit: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const names = new Set<string>();
  for (const entry of entries) {
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${entry} is not a module`);
    for (const symbol of checker.getExportsOfModule(module)) names.add(symbol.name);
  }
  return names.size;
}

function cells(size: Size | undefined): string[] {
  return size ? [String(size.files), String(size.lines)] : ['-', '-'];
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    const padded = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(padded.join('  '));
  }
}

main();
