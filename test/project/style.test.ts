/** Checks the rules of CONTRIBUTING.md that Biome cannot express. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';

const project = join(import.meta.dirname, '../..');

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

function sources(folder: string, endings: RegExp): SourceFile[] {
  return readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => endings.test(path) && !path.includes('/generated/'))
    .map((path) => ({ path, text: readFileSync(join(project, path), 'utf8') }));
}

const typescript = sources('src', /\.ts$/);
const everything = [
  ...typescript,
  ...sources('test', /\.(ts|py)$/),
  ...sources('examples', /\.ts$/),
  ...sources('bench', /\.(ts|py)$/),
  ...sources('scripts', /\.(ts|sh)$/),
  ...sources('native', /\.(cc|h)$/),
];

/** Returns `path:line: text` for each line that matches, so that a failure names the place. */
function linesLike(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

test('there is something to check', () => {
  expect(typescript.length).toBeGreaterThan(50);
  expect(linesLike(typescript, /^export /).length).toBeGreaterThan(100);
});

test('no file is longer than 400 lines', () => {
  const long = everything.filter(({ text }) => text.split('\n').length > 401).map(({ path }) => path);
  expect(long).toEqual([]);
});

test('no file is named after nothing in particular', () => {
  const vague = /^(utils?|helpers?|common|misc)\.[a-z]+$/;
  expect(everything.filter(({ path }) => vague.test(basename(path))).map(({ path }) => path)).toEqual([]);
});

test('an index.ts only re-exports', () => {
  const indexes = typescript.filter(({ path }) => basename(path) === 'index.ts');
  const rest = indexes.map(({ path, text }) => ({
    path,
    left: text
      .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      .replaceAll(/export (?:type )?(?:\*(?: as \w+)?|\{[^}]*\}) from '[^']+';|import '[^']+';/g, '')
      .trim(),
  }));
  expect(rest.filter(({ left }) => left !== '')).toEqual([]);
});

test('nothing is silenced, skipped or left for later', () => {
  const words = [
    'biome-' + 'ignore',
    '@ts-' + 'ignore',
    '@ts-' + 'expect-error',
    'TO' + 'DO',
    'FIX' + 'ME',
    'X' + 'XX',
  ];
  expect(linesLike(everything, new RegExp(words.map((word) => `(?<!\\w)${word}\\b`).join('|')))).toEqual([]);
  // Biome refuses skip and only.
  const skipped = /\b(test|it|describe)\.(todo|fails)\b/;
  expect(
    linesLike(
      everything.filter(({ path }) => path.endsWith('.test.ts')),
      skipped,
    ),
  ).toEqual([]);
});
