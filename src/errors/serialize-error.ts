/**
 * Sends errors to other threads and processes. Structured cloning and JSON lose the class of an error, so it is sent as
 * plain data and created again on the other side.
 */

import {
  CheckpointError,
  CoarselyError,
  ConfigError,
  DataError,
  DistributedError,
  DownloadError,
  EngineError,
  FileError,
  MemoryError,
  OperationError,
} from './coarsely-error.js';

/** Holds an error as plain data, for structured cloning and JSON. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  /** Is the code of a CoarselyError, and null for any other error. */
  readonly code: string | null;
  readonly cause: SerializedError | null;
}

/** Tells the parent process why this process failed. */
export interface ErrorMessage {
  readonly type: 'error';
  readonly error: SerializedError;
}

const classes = [
  CheckpointError,
  ConfigError,
  DataError,
  DistributedError,
  DownloadError,
  EngineError,
  FileError,
  MemoryError,
  OperationError,
];
const classByName = new Map(classes.map((errorClass) => [errorClass.name, errorClass]));

/** Returns an error as plain data. A thrown value that is no Error becomes one with the value as its message. */
export function serializeError(error: unknown): SerializedError {
  const { name, message, stack = null, cause } = error instanceof Error ? error : new Error(String(error));
  return {
    name,
    message,
    stack,
    code: error instanceof CoarselyError ? error.code : null,
    cause: cause instanceof Error ? serializeError(cause) : null,
  };
}

/**
 * Returns the error that was serialized, with its stack. Errors of this room get their class back; a CoarselyError that
 * another room defines becomes a CoarselyError of its name and code, and any other error a plain Error of its name.
 */
export function deserializeError(serialized: SerializedError): Error {
  const { name, message, stack, code } = serialized;
  const options = serialized.cause === null ? {} : { cause: deserializeError(serialized.cause) };
  const known = classByName.get(name);
  const error =
    known !== undefined
      ? new known(message, options)
      : code === null
        ? new Error(message, options)
        : new CoarselyError(message, { ...options, code });
  error.name = name;
  if (stack !== null) error.stack = stack;
  return error;
}
