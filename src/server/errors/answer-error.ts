/** Turns whatever a route throws into a status and one sentence for the reader, never a stack. */

import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { CoarselyError } from '../../errors/index.js';
import { isSystemError, systemErrorReason } from '../../files/index.js';

/** Gives the status of each kind of error. What lies on the disk and cannot be used is a conflict with the call. */
const statuses: Readonly<Record<string, ContentfulStatusCode>> = {
  request: 400,
  config: 400,
  outside: 403,
  'not-found': 404,
  conflict: 409,
  data: 409,
  checkpoint: 409,
  file: 409,
};

/** Says on the terminal what went wrong inside the server. */
export type ReportFault = (text: string) => void;

/** Returns the handler of errors of the routes: `{ error }` with the status of the error's kind. */
export function answerErrors(reportFault: ReportFault) {
  return (error: Error, context: Context): Response => {
    if (error instanceof CoarselyError) {
      return context.json({ error: error.message }, statuses[error.code] ?? 500);
    }
    if (error instanceof HTTPException) {
      const error_ =
        error.message === '' ? `the call was refused with status ${error.status}` : error.message;
      return context.json({ error: error_ }, error.status as ContentfulStatusCode);
    }
    // The reader left before the answer was made, as when a list is scrolled; nobody reads this.
    if (error.name === 'AbortError') return context.json({ error: 'the reader is gone' }, 503);
    if (isSystemError(error)) {
      const { path } = error as NodeJS.ErrnoException;
      return context.json({ error: `${path ?? 'a file'}: ${systemErrorReason(error)}` }, 409);
    }
    // A fault of this program: its stack is for those who can mend it.
    reportFault(`${context.req.method} ${context.req.path}: ${error.stack ?? error.message}\n`);
    return context.json({ error: `a fault of the program: ${error.message}; the terminal says more` }, 500);
  };
}
