// What the documents name exists: commands and their options, config keys, make targets, scripts, files.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema, resolveConfig } from 'coarsely/config';
import { recipes } from 'coarsely/recipes';
import { describe, expect, test } from 'vitest';
import { codeBlocks, documents, inlineCode, project, readDocument } from './markdown.js';

const shellLines = codeBlocks('sh').flatMap(({ document, text }) =>
  text.split('\n').map((line) => ({ document, line: line.replace(/\s#.*$/, '').trim() })),
);
const inlineLines = documents.flatMap((document) => inlineCode(document).map((line) => ({ document, line })));
const commandLines = [...shellLines, ...inlineLines].flatMap(({ document, line }) => {
  const given = /(?:^|\s|npx )coarsely (?<name>[a-z]+(?:-[a-z]+)*)(?<rest>.*)$/.exec(line)?.groups;
  return given ? [{ document, line, name: given.name ?? '', rest: given.rest ?? '' }] : [];
});

const helps = new Map<string, string>();

/** The help of a command or, after a space, of a subcommand; commander answers for an unknown one with an error. */
function helpOf(name: string): string {
  const known = helps.get(name);
  if (known !== undefined) return known;
  const main = join(project, 'dist/cli/main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...name.split(' '), '--help'], {
    encoding: 'utf8',
  });
  const help = status === 0 && stdout.includes(`coarsely ${name}`) ? stdout : `no such command: ${stderr}`;
  helps.set(name, help);
  return help;
}

test('every command that is named exists, with the options that are shown', () => {
  expect(commandLines.length).toBeGreaterThan(15);
  for (const { document, line, name, rest } of commandLines) {
    const own = helpOf(name);
    expect(own, `${document}: ${line}`).toContain(`Usage: coarsely ${name}`);
    const [first = ''] = rest.trim().split(' ');
    const hasSubcommand = first !== '' && own.split('\nCommands:')[1]?.includes(`\n  ${first} `);
    const help = hasSubcommand ? helpOf(`${name} ${first}`) : own;
    for (const [option] of rest.matchAll(/--[a-z-]+/g))
      expect(help, `${document}: ${line}`).toContain(option);
  }
}, 60_000);

test('every recipe that is trained and every --set key is valid', () => {
  const trained = commandLines.filter(({ name }) => name === 'train');
  const sources = trained
    .map(({ rest }) => /^ ([a-z][\w-]+)(?= |$)/.exec(rest)?.[1])
    .filter((source) => source);
  expect(sources.length).toBeGreaterThan(2);
  for (const source of sources) expect([...recipes.keys()]).toContain(source);
  const set = trained.flatMap(({ rest }) =>
    [...rest.matchAll(/--set (?:'([^']+)'|(\S+=\S+))/g)].map(([, quoted, plain = '']) => quoted ?? plain),
  );
  const changes = [{ label: '--data', values: { data: { root: 'somewhere' } } }];
  for (const pair of set.filter((text) => text !== 'key=value')) {
    expect(
      () => resolveConfig('folder-arm', { schema: configSchema, recipes, changes, set: [pair] }),
      pair,
    ).not.toThrow();
  }
});

describe('YAML', () => {
  test.each(codeBlocks('yaml').map(({ document, line, text }) => [`${document}:${line}`, text] as const))(
    '%s is a valid config',
    (_, text) => {
      const folder = mkdtempSync(join(tmpdir(), 'coarsely-docs-'));
      const file = join(folder, 'config.yaml');
      writeFileSync(file, text);
      expect(() => resolveConfig(file, { schema: configSchema, recipes })).not.toThrow();
      rmSync(folder, { recursive: true });
    },
  );
});

test('config keys in tables exist', () => {
  const config: unknown = resolveConfig('folder-arm', {
    schema: configSchema,
    recipes,
    changes: [{ label: '--data', values: { data: { root: 'somewhere' } } }],
  });
  const guide = readDocument('docs/guide/train-on-your-folder.md');
  const keys = [...guide.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key = '']) => key);
  expect(keys.length).toBeGreaterThan(5);
  for (const key of keys) {
    const value = key
      .split('.')
      .reduce((at: unknown, name) => (at as Record<string, unknown>)?.[name], config);
    expect(value, key).toBeDefined();
  }
});

test('make targets and npm scripts exist', () => {
  const makefile = readFileSync(join(project, 'Makefile'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const lines = [...shellLines, ...inlineLines];
  const targets = lines.flatMap(({ line }) =>
    [...line.matchAll(/(?:^|\s)make ([a-z]+)/g)].map(([, name = '']) => name),
  );
  const scriptNames = lines.flatMap(({ line }) =>
    [...line.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name),
  );
  expect(targets.length).toBeGreaterThan(5);
  for (const target of targets) expect(makefile).toMatch(new RegExp(`^${target}:`, 'm'));
  for (const name of scriptNames) expect(Object.keys(scripts)).toContain(name);
});

test('paths in backquotes exist', () => {
  for (const { document, line } of inlineLines) {
    const path = /^(?:src|native|test|bench|docs|scripts|examples)\/[\w./-]*$/.exec(line)?.[0];
    if (path && !/ROOM|NAME/.test(path))
      expect(existsSync(join(project, path)), `${document}: ${path}`).toBe(true);
  }
});
