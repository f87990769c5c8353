/** What a schema rejected, as one line each: where, what was expected, what came, and the nearest name. */

import type { z } from 'zod';
import { nearest, suggestion } from '../errors/index.js';
import { keysOf } from './known-keys.js';

/** A rejected place of a config, and the line that says why. */
export interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** One complaint for every rejected key or value of `input`. */
export function explainIssues(
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
): Complaint[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...issue.path, key], keysOf(schema, issue.path)));
    }
    const candidates = candidatesOf(issue);
    if (candidates !== undefined) return [unknownKey(issue.path, candidates)];
    return [{ path: issue.path, text: complaintText(issue, valueAt(input, issue.path)) }];
  });
}

/** The value at a path, or undefined where the path ends early. */
export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let current = input;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}

function candidatesOf(issue: z.core.$ZodIssue): readonly string[] | undefined {
  if (issue.code !== 'custom') return undefined;
  const candidates: unknown = issue.params?.candidates;
  return Array.isArray(candidates) ? candidates.map(String) : undefined;
}

function unknownKey(path: readonly PropertyKey[], candidates: readonly string[]): Complaint {
  const parent = path.slice(0, -1).map(String);
  const found = nearest(String(path.at(-1)), candidates);
  const hint =
    found !== undefined
      ? `; did you mean ${[...parent, found].join('.')}?`
      : ` (known here: ${candidates.join(', ') || 'none'})`;
  return { path, text: `unknown key ${path.join('.')}${hint}` };
}

function complaintText(issue: z.core.$ZodIssue, value: unknown): string {
  const where = issue.path.join('.') || 'the config';
  if (issue.code === 'custom' && !issue.message.startsWith('expected ')) return `${where}: ${issue.message}`;
  if (value === undefined) return `${where} is missing: ${expectation(issue)}`;
  const hint =
    issue.code === 'invalid_value' && typeof value === 'string'
      ? suggestion(value, issue.values.map(String))
      : '';
  return `${where}: ${expectation(issue)}, received ${shown(value)}${hint}`;
}

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

/** `expected …`, in words that someone writing YAML knows. */
function expectation(issue: z.core.$ZodIssue): string {
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

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'array') return `a list of ${relation} ${limit} values`;
  if (origin === 'string')
    return limit === 1 ? 'text that is not empty' : `text of ${relation} ${limit} letters`;
  return `${relation} ${limit}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
