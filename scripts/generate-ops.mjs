// Writes src/torch/generated/ops.ts: one typed TypeScript function for every operator that native/ops.txt allows,
// from the schemas of the running libtorch. `--check` fails when the committed file is stale. Run against another
// libtorch, --check holds each committed signature against that engine's schema instead: newer versions may append
// defaulted arguments, nothing else.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { native } from '../dist/torch/native.js';
import { renderOperators } from './render-ops.mjs';

const listPath = fileURLToPath(new URL('../native/ops.txt', import.meta.url));
const outPath = fileURLToPath(new URL('../src/torch/generated/ops.ts', import.meta.url));
const schemasPath = fileURLToPath(new URL('../src/torch/generated/schemas.json', import.meta.url));

const names = readFileSync(listPath, 'utf8')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line && !line.startsWith('#'));

const schemas = names.map((name) => {
  const [base, overload = ''] = name.split('.');
  const schema = native().operatorSchema(base, overload);
  if (!schema) fail(`native/ops.txt: this libtorch (${native().version()}) has no operator ${name}`);
  return {
    name: base,
    overload,
    arguments: schema.arguments.map(normalise),
    returns: schema.returns.map(normalise),
  };
});

if (process.argv.includes('--check')) check();
else {
  writeFileSync(schemasPath, `${JSON.stringify({ libtorch: native().version(), schemas }, null, 1)}\n`);
  writeFileSync(outPath, renderOperators(schemas));
  console.log(`generate-ops: ${schemas.length} operators from libtorch ${native().version()}`);
}

function check() {
  const committed = JSON.parse(readFileSync(schemasPath, 'utf8'));
  const remedy = 'run `npm run generate:ops` and commit the result';
  if (readFileSync(outPath, 'utf8') !== renderOperators(committed.schemas))
    fail(`src/torch/generated/ops.ts is stale: ${remedy}`);
  const listed = new Set(names);
  for (const schema of committed.schemas) {
    if (!listed.delete(fullName(schema)))
      fail(`${fullName(schema)} is generated but not in native/ops.txt: ${remedy}`);
  }
  for (const name of listed) fail(`${name} is in native/ops.txt but not generated: ${remedy}`);
  for (const schema of schemas) {
    const before = committed.schemas.find((other) => fullName(other) === fullName(schema));
    const now = schema.arguments.slice(0, before.arguments.length);
    if (JSON.stringify(now) !== JSON.stringify(before.arguments)) {
      fail(
        `${fullName(schema)} differs in libtorch ${native().version()} from ${committed.libtorch}: ${remedy}`,
      );
    }
    const appended = schema.arguments.slice(before.arguments.length);
    if (appended.some((argument) => !argument.hasDefault))
      fail(`${fullName(schema)} gained a required argument`);
  }
  console.log(`generate-ops: ${schemas.length} operators up to date (libtorch ${native().version()})`);
}

function fullName({ name, overload }) {
  return overload ? `${name}.${overload}` : name;
}

/** SymInt is an int whose value may be symbolic: to a caller they are one type. */
function normalise(argument) {
  return { ...argument, type: argument.type.replaceAll('SymInt', 'int') };
}

function fail(message) {
  console.error(`generate-ops: ${message}`);
  process.exit(1);
}
