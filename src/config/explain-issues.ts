/** Explains what a schema rejected, in one line each: where, what was expected, what came, and the nearest name. */

import type { z } from 'zod';
import { suggestion } from '../errors/internal.js';
import { candidatesOf, expectation, keysOf, knownKeysHint, shown, valueAt } from '../registry/internal.js';

/** Holds a rejected place of a config and the line that says why. */
export interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** Returns one complaint for every rejected key or value of `input`. */
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

function unknownKey(path: readonly PropertyKey[], candidates: readonly string[]): Complaint {
  return { path, text: `unknown key ${path.join('.')}${knownKeysHint(path, candidates)}` };
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
