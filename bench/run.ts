/**
 * Runs one bench and keeps its results.
 *
 *   npm run bench -- NAME [--quick] [options of the bench]
 *
 * NAME is a folder here whose index.ts exports a `bench` (support/bench.ts).
 */

import { existsSync, readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, BenchError } from './support/bench.js';
import { describeMachine } from './support/machine.js';
import { writeResults } from './support/results.js';

const here = import.meta.dirname;

async function main(): Promise<number> {
  const [name = '', ...rest] = process.argv.slice(2);
  const entryOf = (folder: string) => join(here, folder, 'index.js');
  if (name === '' || name.startsWith('-') || !existsSync(entryOf(name))) {
    const names = readdirSync(here).filter((folder) => existsSync(entryOf(folder)));
    console.error(`usage: npm run bench -- NAME [--quick], where NAME is one of: ${names.join(', ')}`);
    return 2;
  }
  const { bench } = (await import(entryOf(name))) as { bench: Bench };
  const values = parseOptions(bench, rest);
  // A path names a Python; its version is among the results, and its place on this machine tells nobody anything.
  const words = rest.map((word) => (word.includes('/') ? basename(word) : word));
  const path = writeResults(name, {
    bench: name,
    quick: values.quick,
    date: new Date().toISOString(),
    command: ['npm run bench --', name, ...words].join(' '),
    machine: describeMachine(),
    ...(await bench.run(values)),
  });
  console.log(`written: ${relative(process.cwd(), path)}`);
  return 0;
}

function parseOptions(bench: Bench, words: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { ...bench.options, quick: { type: 'boolean', default: false } },
    });
    return { ...values, quick: values.quick === true };
  } catch (error) {
    throw new BenchError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
