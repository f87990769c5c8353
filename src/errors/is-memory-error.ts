/** Recognizes that memory ran out, whether in libtorch or in JavaScript. */

import { MemoryError } from './coarsely-error.js';

/** Returns whether an error says that there was not enough memory for a tensor or an array. */
export function isMemoryError(error: unknown): error is Error {
  if (error instanceof MemoryError) return true;
  // What V8 says of a typed array that is too large for it or for the system.
  return (
    error instanceof RangeError &&
    /allocation failed|Invalid typed array length|Invalid array buffer length/.test(error.message)
  );
}
