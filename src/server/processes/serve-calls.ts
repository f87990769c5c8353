/** Answers calls in a process that `ChildCalls` started: one after the other, in their order. */

import { constants, setPriority } from 'node:os';
import { type SerializedError, serializeError } from '../../errors/internal.js';

/** Asks the process for something. */
export interface CallMessage {
  readonly id: number;
  readonly request: unknown;
}

/** Answers a call, or tells how far it is. */
export type ReplyMessage =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: SerializedError }
  | { readonly progress: unknown };

/** Answers calls until the server ends. Whoever looks at the page or trains comes first, so this process has low priority. */
export function serveCalls<Request, Answer>(
  answer: (request: Request, tell: (progress: unknown) => void) => Promise<Answer>,
): void {
  const send = (message: ReplyMessage) => void process.send?.(message);
  let last: Promise<void> = Promise.resolve();
  process.on('message', ({ id, request }: CallMessage) => {
    last = last.then(async () => {
      try {
        send({ id, answer: await answer(request as Request, (progress) => send({ progress })) });
      } catch (error) {
        send({ id, error: serializeError(error) });
      }
    });
  });
  process.on('disconnect', () => process.exit());
  // Ctrl-C in the terminal reaches this process too; it ends with its server.
  process.on('SIGINT', () => undefined);
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Some systems do not allow it, which costs only time.
  }
}
