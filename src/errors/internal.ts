/** Exports what other rooms of this package use and users do not need. */

export { exitCodes } from './exit-codes.js';
export {
  deserializeError,
  type ErrorMessage,
  type SerializedError,
  serializeError,
} from './serialize-error.js';
