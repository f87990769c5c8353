/** Explains an issue that a zod schema found, in words for someone who writes YAML or calls a function. */

import type { z } from 'zod';
import { nearest } from '../errors/internal.js';

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a section of keys',
  record: 'a section of keys',
  null: 'null',
};

/** Returns a phrase `expected …` that says what the schema accepts in place of the rejected value. */
export function expectation(issue: z.core.$ZodIssue): string {
  if (issue.message.startsWith('expected ')) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'too_small':
      return `expected ${bound(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum)}`;
    case 'too_big':
      return `expected ${bound(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum)}`;
    case 'invalid_union': {
      const branches = issue.errors.flatMap((errors) => errors.slice(0, 1).map(expectation));
      return `expected ${branches.map((branch) => branch.replace(/^expected /, '')).join(' or ')}`;
    }
    default:
      return issue.message;
  }
}

/** Returns the end of a message about an unknown key: the nearest known key, or all of them where none is near. */
export function knownKeysHint(path: readonly PropertyKey[], candidates: readonly string[]): string {
  const found = nearest(String(path.at(-1)), candidates);
  return found === undefined
    ? ` (known here: ${candidates.join(', ') || 'none'})`
    : `; did you mean ${[...path.slice(0, -1).map(String), found].join('.')}?`;
}

/** Returns the keys that a component knows where an issue is about a key unknown to it; otherwise undefined. */
export function candidatesOf(issue: z.core.$ZodIssue): readonly string[] | undefined {
  if (issue.code !== 'custom') return undefined;
  const candidates: unknown = issue.params?.candidates;
  return Array.isArray(candidates) ? candidates.map(String) : undefined;
}

/** Returns the value at a path, or undefined where the path ends early. */
export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let current = input;
  for (const key of path) {
    // A key named like a method of every object, such as constructor, is not there unless it was given.
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}

/** Returns a value as JSON, shortened to at most 60 characters. */
export function shown(value: unknown): string {
  const text = textOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function textOf(value: unknown): string {
  // JSON has neither NaN nor infinity nor bigints.
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'a value that contains itself or is nested too deeply';
  }
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'array') return `a list of ${relation} ${limit} values`;
  if (origin === 'string') {
    return limit === 1 ? 'text that is not empty' : `text of ${relation} ${limit} characters`;
  }
  return `${relation} ${limit}`;
}
