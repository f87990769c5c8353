/** Exports for the other rooms of this package; users do not need them. */

export { exitCodes } from './exit-codes.js';
export { isMemoryError } from './is-memory-error.js';
export { nearest, suggestion } from './nearest.js';
export {
  deserializeError,
  type ErrorMessage,
  type SerializedError,
  serializeError,
} from './serialize-error.js';
