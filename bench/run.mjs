// Runs one bench and keeps its results.
//
//   npm run bench -- NAME [--quick] [options of the bench]
//
// NAME is a folder here with an index.mjs that exports `options` (for node:util's parseArgs) and
// `run(values)`, which returns { versions, rows, … }. A full run writes bench/results/NAME.json, which is committed; a
// quick one is a smoke test whose numbers mean nothing, so it writes build/bench/NAME.json.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const [name, ...rest] = process.argv.slice(2);
const entry = join(here, name ?? '', 'index.mjs');

if (name === undefined || name.startsWith('-') || !existsSync(entry)) {
  const names = readdirSync(here).filter((each) => existsSync(join(here, each, 'index.mjs')));
  console.error(`usage: npm run bench -- NAME [--quick], where NAME is one of: ${names.join(', ')}`);
  process.exit(2);
}

const bench = await import(entry);
const { values } = parseArgs({
  args: rest,
  options: { ...bench.options, quick: { type: 'boolean', default: false } },
});
const results = {
  bench: name,
  quick: values.quick,
  date: new Date().toISOString(),
  // Which Python it was is told by its versions; where it lies on this machine is nobody's concern.
  command: [
    'npm run bench --',
    name,
    ...rest.map((word) => (word.includes('/') ? basename(word) : word)),
  ].join(' '),
  machine: {
    processor: cpus()[0]?.model.trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  },
  ...(await bench.run(values)),
};

const folder = values.quick ? join(here, '..', 'build', 'bench') : join(here, 'results');
mkdirSync(folder, { recursive: true });
const path = join(folder, `${name}.json`);
writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);
console.log(`written: ${relative(process.cwd(), path)}`);
