/** Turns the failure of a decoder or of the file system into an error that names the file in one line. */

import { DataError } from '../../errors/index.js';

const longestReason = 300;

/** Returns the error `PATH: WHAT (message of the cause)`, in which neither line breaks nor the path are repeated. */
export function unreadableFile(
  path: string,
  { what, cause }: { readonly what: string; readonly cause: unknown },
): DataError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const reason = differentLines(message)
    .join('; ')
    .replace(`, open '${path}'`, '')
    .replace(`: ${path}`, '')
    // Some libraries announce a detail that never follows.
    .replace(/[\s:]+$/, '');
  // libtiff lists every tag of a damaged file.
  const short = reason.length > longestReason ? `${reason.slice(0, longestReason)}…` : reason;
  return new DataError(`${path}: ${what} (${short})`, { cause });
}

/** Leaves out lines that were told before: libvips says the same again for each part of a file that it tried. */
function differentLines(message: string): string[] {
  const told: string[] = [];
  for (const line of message.trim().split(/\s*\n\s*/)) {
    if (!told.some((earlier) => earlier.endsWith(line))) told.push(line);
  }
  return told;
}
