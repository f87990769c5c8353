/** Checks what a call brings by a schema; what does not fit is refused with a sentence that names the key. */

import { zValidator } from '@hono/zod-validator';
import type { ValidationTargets } from 'hono';
import type { z } from 'zod';
import { RequestError } from './server-error.js';

/**
 * Returns a middleware that checks the body (`json`) or the parameters (`query`) of a call.
 *
 * @throws {RequestError} from the middleware, when they do not fit the schema
 */
export function validated<Schema extends z.ZodType, Target extends keyof ValidationTargets>(
  target: Target,
  schema: Schema,
) {
  return zValidator(target, schema, (result) => {
    if (result.success) return;
    const issue = result.error.issues[0];
    const place = issue?.path.join('.') ?? '';
    throw new RequestError(`${place === '' ? target : place}: ${issue?.message ?? 'does not fit'}`);
  });
}
