/**
 * Checks the options that a program gives to a function or constructor by the schema that checks them in a config. The
 * schema is the one place that holds ranges and defaults.
 */

import type { z } from 'zod';
import { OperationError } from '../errors/index.js';
import { candidatesOf, expectation, knownKeysHint, shown, valueAt } from './explain-issue.js';
import { intervalOf, keysOf } from './known-keys.js';

/**
 * Returns `given` as `schema` parses it, with defaults filled in. `operation` begins the message of an error:
 * `gce: expected q in [0, 1], received 2`.
 *
 * @throws {OperationError} when the schema rejects an option or does not know it
 */
export function parseOptions<Schema extends z.ZodType>(
  operation: string,
  schema: Schema,
  given: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new OperationError(`${operation}: ${rejectedOption(parsed.error, { schema, given })}`);
}

/** Returns what was expected of the first option that was rejected, and what came. */
export function rejectedOption(
  error: z.core.$ZodError,
  { schema, given }: { readonly schema: z.ZodType; readonly given: unknown },
): string {
  const issue = error.issues[0] as z.core.$ZodIssue;
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const unknown = [...path, issue.keys[0] as string];
    return `unknown option ${unknown.join('.')}${knownKeysHint(unknown, keysOf(schema, path))}`;
  }
  const candidates = candidatesOf(issue);
  if (candidates !== undefined) {
    return `unknown option ${path.join('.')}${knownKeysHint(path, candidates)}`;
  }
  const value = valueAt(given, path);
  if (issue.code === 'custom' && !issue.message.startsWith('expected ')) return issue.message;
  const name = path.join('.') || 'options';
  return `expected ${name} ${requirement(issue, { schema, value })}, received ${shown(value)}`;
}

/** Returns `in [0, 1]`, `of at least 2` or `to be a number`, to stand behind the name of an option. */
function requirement(
  issue: z.core.$ZodIssue,
  { schema, value }: { readonly schema: z.ZodType; readonly value: unknown },
): string {
  const isBound = issue.code === 'too_small' || issue.code === 'too_big';
  const interval = typeof value === 'number' ? intervalOf(schema, issue.path) : null;
  if (interval !== null && (isBound || !Number.isFinite(value))) return `in ${interval}`;
  const words = expectation(issue).replace(/^expected /, '');
  if (isBound && typeof value === 'number') return `of ${words}`;
  return words === 'a number' && typeof value === 'number' ? 'to be finite' : `to be ${words}`;
}
