/** Defines the errors with which a route refuses a call; `answerError` turns them into a status and a sentence. */

import { CoarselyError } from '../../errors/index.js';

/** Says that a call has a wrong form: status 400. */
export class RequestError extends CoarselyError {
  constructor(message: string) {
    super(message, { code: 'request' });
  }
}

/** Says that what a call asks for is outside the named folders: status 403. */
export class OutsideError extends CoarselyError {
  constructor(message: string) {
    super(message, { code: 'outside' });
  }
}

/** Says that there is nothing of the name that a call asks for: status 404. */
export class NotFoundError extends CoarselyError {
  constructor(message: string) {
    super(message, { code: 'not-found' });
  }
}

/** Says that the state of what a call is about does not allow it, as another tab changed it: status 409. */
export class ConflictError extends CoarselyError {
  constructor(message: string) {
    super(message, { code: 'conflict' });
  }
}
