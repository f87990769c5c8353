/** Which keys a schema knows at a path: the candidates for `did you mean`. */

import type { z } from 'zod';

/** An unknown key found inside a component's options, with the keys that component knows at that place. */
export function unknownKeyIssue(path: PropertyKey[], candidates: readonly string[]) {
  return { code: 'custom' as const, message: 'unknown key', input: undefined, path, params: { candidates } };
}

/** The keys of the object at `path` inside `schema`, through optional, nullable, default and pipe wrappers. */
export function keysOf(schema: unknown, path: readonly PropertyKey[]): string[] {
  let current = unwrap(schema as z.core.$ZodType);
  for (const key of path) {
    const shape = shapeOf(current);
    const next = shape?.[String(key)];
    if (next === undefined) return [];
    current = unwrap(next);
  }
  return Object.keys(shapeOf(current) ?? {});
}

interface Definition {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
}

function definition(schema: z.core.$ZodType): Definition {
  return schema._zod.def as Definition;
}

function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  return definition(schema).shape;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType, in: input } = definition(schema);
  const inner = innerType ?? input;
  return inner === undefined ? schema : unwrap(inner);
}
