/**
 * The errors that a user can cause. The command line prints their message in one or two lines without a stack, so a
 * message names the file or operation, what was expected, what came, and what to do about it.
 */

export interface ErrorOptions {
  readonly cause?: unknown;
}

/** Any failure with a cause outside this program; `code` says which part of the outside. */
export class CoarselyError extends Error {
  readonly code: string;

  constructor(message: string, { code = 'coarsely', cause }: ErrorOptions & { readonly code?: string } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/** A configuration, option or recipe that cannot be run as written. */
export class ConfigError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'config', cause });
  }
}

/** An image, label or dataset folder that is missing, unreadable or contradicts itself. */
export class DataError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'data', cause });
  }
}

/** A weights file, checkpoint or run folder that is missing, damaged or of another model. */
export class CheckpointError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'checkpoint', cause });
  }
}

/** Reports a file or folder that cannot be written, whatever it holds. */
export class FileError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'file', cause });
  }
}

/** Reports that libtorch is missing, does not load or lacks a device. */
export class EngineError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'engine', cause });
  }
}

/** Reports a call that an operation cannot serve: an argument of the wrong shape, dtype or value, or a failure in libtorch. */
export class OperationError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'operation', cause });
  }
}

/** Processes that train together could not find each other, or one of them was lost. */
export class DistributedError extends CoarselyError {
  /** The ranks that did not come, are gone, or left; empty where that cannot be told. */
  readonly ranks: readonly number[];

  constructor(
    message: string,
    { cause, ranks = [] }: ErrorOptions & { readonly ranks?: readonly number[] } = {},
  ) {
    super(message, { code: 'distributed', cause });
    this.ranks = ranks;
  }
}
