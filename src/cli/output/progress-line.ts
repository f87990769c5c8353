/**
 * Shows progress such as `evaluating 12/101` on a terminal, and nothing where the output goes to a file or a program.
 */

import { createLogUpdate } from 'log-update';

export interface ProgressLine {
  readonly show: (progress: { readonly done: number; readonly total: number }) => void;
  readonly close: () => void;
}

/** Shows a line on stderr, so that stdout holds only the result. The line disappears when closed. */
export function createProgressLine(what: string): ProgressLine {
  if (!process.stderr.isTTY) return { show: () => undefined, close: () => undefined };
  const update = createLogUpdate(process.stderr);
  return { show: ({ done, total }) => update(`${what} ${done}/${total}`), close: () => update.clear() };
}
