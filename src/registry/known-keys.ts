/** Reads from a schema which keys it accepts and which bounds a number has, for error messages. */

import { z } from 'zod';

/** Returns the keys of the object at `path` inside `schema`; empty where there is no object. */
export function keysOf(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const found = schemaAt(schema, path);
  return found === undefined ? [] : Object.keys(definition(found).shape ?? {});
}

/**
 * Returns the schema of each key of an object schema, also through wrappers; empty where the schema is not of an
 * object.
 */
export function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> {
  return definition(unwrap(schema)).shape ?? {};
}

/**
 * Returns the interval that the number at `path` has to lie in, as in `[0, 1)`; null where it is open at either end.
 */
export function intervalOf(schema: z.core.$ZodType, path: readonly PropertyKey[]): string | null {
  const found = schemaAt(schema, path);
  if (found === undefined) return null;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = z.toJSONSchema(found, {
    io: 'input',
    unrepresentable: 'any',
  });
  const low = minimum ?? exclusiveMinimum;
  const high = maximum ?? exclusiveMaximum;
  if (!isBound(low) || !isBound(high)) return null;
  return `${minimum === undefined ? '(' : '['}${low}, ${high}${maximum === undefined ? ')' : ']'}`;
}

/** Returns false for the bounds that every `z.int()` has, the safe integers; no message has to name them. */
function isBound(value: number | boolean | undefined): value is number {
  return typeof value === 'number' && Math.abs(value) !== Number.MAX_SAFE_INTEGER;
}

/** Returns the schema at a path, through optional, nullable, default and pipe wrappers. */
function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let current: z.core.$ZodType | undefined = unwrap(schema);
  for (const key of path) {
    const { shape, items } = definition(current);
    const name = String(key);
    const next: z.core.$ZodType | undefined =
      shape !== undefined && Object.hasOwn(shape, name) ? shape[name] : items?.[Number(key)];
    if (next === undefined) return undefined;
    current = unwrap(next);
  }
  return current;
}

interface Definition {
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly items?: readonly z.core.$ZodType[];
}

function definition(schema: z.core.$ZodType): Definition {
  return schema._zod.def as Definition;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType, in: input } = definition(schema);
  const inner = innerType ?? input;
  return inner === undefined ? schema : unwrap(inner);
}
