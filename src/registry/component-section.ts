/**
 * Validates sections that name a component (`{ kind: 'arm', p: 2 }`) by the component's own option schema, which its room
 * registered. A component that has another one among its options, such as a reweighter around a reweighter, declares it
 * with the same schema.
 */

import { z } from 'zod';
import { ConfigError } from '../errors/index.js';
import type { ComponentSection } from './create-component.js';
import { keysOf } from './known-keys.js';
import type { Kinds } from './registry.js';

/** Configures `componentSection`. */
export interface ComponentSectionOptions {
  /** Is used when a section has no `kind`, so that one option can be changed without naming the default. */
  readonly defaultKind: string;
}

/** Returns the schema of a section that names a component of `registry`; a parsed section has every option of its kind. */
export function componentSection(registry: Kinds, { defaultKind }: ComponentSectionOptions) {
  const named = z.looseObject({ kind: z.string().default(defaultKind) });
  return named.transform((section, context): ComponentSection => {
    const { kind, ...given } = section;
    const options = optionsOf(registry, kind, context);
    if (options === undefined) return z.NEVER;
    const parsed = parseSectionOptions(options, given, { context });
    return parsed === undefined ? z.NEVER : { kind, ...parsed };
  });
}

/** Returns the option schema of `kind`, or undefined after reporting at `kind` that there is no such component. */
export function optionsOf(registry: Kinds, kind: string, context: z.RefinementCtx): z.ZodType | undefined {
  try {
    return registry.get(kind).options;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    context.issues.push({ code: 'custom', message: error.message, input: kind, path: ['kind'] });
    return undefined;
  }
}

/** Configures `parseSectionOptions`. */
export interface SectionSettings {
  /** Receives an issue for everything that the schema rejects. */
  readonly context: z.RefinementCtx;
  /** Returns the place in the section that an option's path stands for; by default the path itself. */
  readonly placeOf?: (path: PropertyKey[]) => PropertyKey[];
  /** Lists further keys of the section, which are suggested for an unknown key. */
  readonly known?: readonly string[];
}

/** Parses options by a component's schema, and returns undefined after reporting what it rejects. */
export function parseSectionOptions(
  options: z.ZodType,
  given: Record<string, unknown>,
  { context, placeOf = (path) => path, known = [] }: SectionSettings,
): Record<string, unknown> | undefined {
  const parsed = options.safeParse(given, { reportInput: true });
  if (parsed.success) return parsed.data as Record<string, unknown>;
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      const candidates = [...keysOf(options, issue.path), ...(issue.path.length === 0 ? known : [])];
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
export function unknownKeyIssue(path: PropertyKey[], candidates: readonly string[]) {
  return { code: 'custom' as const, message: 'unknown key', input: undefined, path, params: { candidates } };
}
