/**
 * Sections of a config that name a component (`{ kind: 'arm', p: 2 }`), validated by the component's own option schema,
 * which its room registered. The config knows no concrete kind.
 */

import { z } from 'zod';
import { ConfigError } from '../errors/index.js';
import type { ComponentSection, Kinds } from '../registry/index.js';
import { keysOf } from '../registry/internal.js';

export interface ComponentSectionOptions {
  /** Used when a section leaves `kind` out, so that one option can be changed without naming the default. */
  readonly defaultKind: string;
}

/** The schema of a section naming a component of `registry`: the parsed section has every option of its kind. */
export function componentSection(registry: Kinds, { defaultKind }: ComponentSectionOptions) {
  const named = z.looseObject({ kind: z.string().default(defaultKind) });
  return named.transform((section, context): ComponentSection => {
    const { kind, ...given } = section;
    const options = optionsOf(registry, kind, context);
    if (options === undefined) return z.NEVER;
    const parsed = parseOptions(options, given, context);
    return parsed === undefined ? z.NEVER : { kind, ...parsed };
  });
}

/** The option schema of `kind`, or undefined after reporting at `kind` that there is no such component. */
export function optionsOf(registry: Kinds, kind: string, context: z.RefinementCtx): z.ZodType | undefined {
  try {
    return registry.get(kind).options;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    context.issues.push({ code: 'custom', message: error.message, input: kind, path: ['kind'] });
    return undefined;
  }
}

/** Parses options by a component's schema; what it rejects is reported through `placeOf` of the option's path. */
export function parseOptions(
  options: z.ZodType,
  given: Record<string, unknown>,
  context: z.RefinementCtx,
  placeOf: (path: PropertyKey[]) => PropertyKey[] = (path) => path,
): Record<string, unknown> | undefined {
  const parsed = options.safeParse(given, { reportInput: true });
  if (parsed.success) return parsed.data as Record<string, unknown>;
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      const candidates = keysOf(options, issue.path);
      for (const key of issue.keys) {
        context.issues.push(unknownKeyIssue(placeOf([...issue.path, key]), candidates));
      }
    } else {
      context.issues.push({ ...issue, input: issue.input, path: placeOf(issue.path) } as z.core.$ZodRawIssue);
    }
  }
  return undefined;
}

/** Returns an issue for a key unknown to a component, with the keys that it knows at that place. */
function unknownKeyIssue(path: PropertyKey[], candidates: readonly string[]) {
  return { code: 'custom' as const, message: 'unknown key', input: undefined, path, params: { candidates } };
}
