/**
 * Writes what TypeScript must know of the native code: src/torch/generated/ops.ts, one typed function for every operator
 * that native/ops.txt allows, from the schemas of the installed libtorch; and src/torch/generated/constants.ts, the numbers
 * of native/constants.h.
 *
 * `--check` fails when a committed file is stale. With another libtorch than the one that it was generated from, each
 * committed signature is compared with that libtorch's schema: newer versions may append arguments with defaults, and
 * nothing else.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { native } from '#torch/native.js';
import { project } from './project.js';
import { renderConstants } from './render-constants.js';
import { type OperatorSchema, renderOperators, type SchemaArgument } from './render-ops.js';

const outputPath = join(project, 'src/torch/generated/ops.ts');
const schemasPath = join(project, 'src/torch/generated/schemas.json');
const constantsPath = join(project, 'src/torch/generated/constants.ts');
const remedy = 'run `npm run generate:ops` and commit the result';

class GenerateError extends Error {}

function main(): void {
  const names = readFileSync(join(project, 'native/ops.txt'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'));
  const schemas = names.map(readSchema);
  const libtorch = native().version();
  const constants = renderConstants(readFileSync(join(project, 'native/constants.h'), 'utf8'));
  if (process.argv.includes('--check')) {
    check(schemas, names);
    if (readFileSync(constantsPath, 'utf8') !== constants) {
      throw new GenerateError(`src/torch/generated/constants.ts is stale: ${remedy}`);
    }
    console.log(`generate-ops: ${schemas.length} operators up to date (libtorch ${libtorch})`);
    return;
  }
  writeFileSync(schemasPath, `${JSON.stringify({ libtorch, schemas }, null, 1)}\n`);
  writeFileSync(outputPath, renderOperators(schemas));
  writeFileSync(constantsPath, constants);
  console.log(`generate-ops: ${schemas.length} operators from libtorch ${libtorch}`);
}

function readSchema(fullName: string): OperatorSchema {
  const [name = '', overload = ''] = fullName.split('.');
  const schema = native().operatorSchema(name, overload);
  if (!schema) {
    throw new GenerateError(
      `native/ops.txt: this libtorch (${native().version()}) has no operator ${fullName}`,
    );
  }
  return {
    name,
    overload,
    arguments: schema.arguments.map(withPlainInts),
    returns: schema.returns.map(withPlainInts),
  };
}

/** Replaces SymInt, an int whose value may be symbolic, by int: callers see no difference. */
function withPlainInts(argument: SchemaArgument): SchemaArgument {
  return { ...argument, type: argument.type.replaceAll('SymInt', 'int') };
}

function check(schemas: readonly OperatorSchema[], names: readonly string[]): void {
  const committed = JSON.parse(readFileSync(schemasPath, 'utf8')) as {
    libtorch: string;
    schemas: OperatorSchema[];
  };
  if (readFileSync(outputPath, 'utf8') !== renderOperators(committed.schemas)) {
    throw new GenerateError(`src/torch/generated/ops.ts is stale: ${remedy}`);
  }
  const byName = new Map(committed.schemas.map((schema) => [fullNameOf(schema), schema]));
  for (const name of byName.keys()) {
    if (!names.includes(name))
      throw new GenerateError(`${name} is generated but not in native/ops.txt: ${remedy}`);
  }
  for (const schema of schemas) {
    const name = fullNameOf(schema);
    const before = byName.get(name);
    if (!before) throw new GenerateError(`${name} is in native/ops.txt but not generated: ${remedy}`);
    checkSignature(schema, before, committed.libtorch);
  }
}

function checkSignature(schema: OperatorSchema, before: OperatorSchema, libtorch: string): void {
  const name = fullNameOf(schema);
  const now = schema.arguments.slice(0, before.arguments.length);
  if (JSON.stringify(now) !== JSON.stringify(before.arguments)) {
    throw new GenerateError(`${name} differs in libtorch ${native().version()} from ${libtorch}: ${remedy}`);
  }
  const appended = schema.arguments.slice(before.arguments.length);
  if (appended.some((argument) => !argument.hasDefault)) {
    throw new GenerateError(`${name} gained a required argument in libtorch ${native().version()}`);
  }
}

function fullNameOf({ name, overload }: OperatorSchema): string {
  return overload ? `${name}.${overload}` : name;
}

try {
  main();
} catch (error) {
  if (!(error instanceof GenerateError)) throw error;
  console.error(`generate-ops: ${error.message}`);
  process.exitCode = 1;
}
