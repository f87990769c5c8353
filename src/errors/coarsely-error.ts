/**
 * Defines the errors that a user can cause. The command line prints their messages without a stack, so a message names
 * the file or operation, what was expected, what came, and what to do about it, in one or two lines.
 */

/** Configures an error. */
export interface ErrorOptions {
  /** Holds the error that led to this one. */
  readonly cause?: unknown;
}

// Messages quote names and values from files. Control characters among them could change the terminal, and a damaged file
// can hold a name of a megabyte.
const control = /[^\P{Cc}\n\t]/gu;
const longestWord = 1000;

function printable(message: string): string {
  return message
    .replace(control, '?')
    .replace(/\S{1001,}/g, (word) => `${word.slice(0, longestWord / 2)}…${word.slice(-longestWord / 4)}`);
}

/** Reports a failure whose cause lies outside this package. */
export class CoarselyError extends Error {
  /** Names the kind of failure, such as `config` or `data`; each subclass has its own. */
  readonly code: string;

  constructor(message: string, { code = 'coarsely', cause }: ErrorOptions & { readonly code?: string } = {}) {
    super(printable(message), cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/** Reports a config, option or recipe that is not valid. */
export class ConfigError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'config', cause });
  }
}

/** Reports an image, label or dataset folder that is missing, unreadable or inconsistent. */
export class DataError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'data', cause });
  }
}

/** Reports a weight file, checkpoint or run folder that is missing, damaged or does not fit the model. */
export class CheckpointError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'checkpoint', cause });
  }
}

/** Reports a file or folder that cannot be written. */
export class FileError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'file', cause });
  }
}

/**
 * Says why a file could not be fetched: `network`, nothing answers; `refused`, the server will not send it; `interrupted`,
 * the connection kept breaking; `content`, something else came.
 */
export type DownloadFailure = 'network' | 'refused' | 'interrupted' | 'content';

/** Reports a file that could not be fetched from another machine. */
export class DownloadError extends CoarselyError {
  readonly failure: DownloadFailure;

  constructor(
    message: string,
    { cause, failure = 'network' }: ErrorOptions & { readonly failure?: DownloadFailure } = {},
  ) {
    super(message, { code: 'download', cause });
    this.failure = failure;
  }
}

/** Reports that libtorch is missing, does not load or lacks a device. */
export class EngineError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'engine', cause });
  }
}

/**
 * Reports a call that an operation cannot serve: an argument of the wrong shape, dtype or value, or a failure in
 * libtorch.
 */
export class OperationError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'operation', cause });
  }
}

/** Reports that an operation asked for more memory than there is; the message says for how much. */
export class MemoryError extends CoarselyError {
  constructor(message: string, { cause }: ErrorOptions = {}) {
    super(message, { code: 'memory', cause });
  }
}

/** Reports that processes that train together did not find each other, or that one of them was lost. */
export class DistributedError extends CoarselyError {
  /** Lists the ranks that did not come, are gone or left; empty when they are not known. */
  readonly ranks: readonly number[];

  constructor(
    message: string,
    { cause, ranks = [] }: ErrorOptions & { readonly ranks?: readonly number[] } = {},
  ) {
    super(message, { code: 'distributed', cause });
    this.ranks = ranks;
  }
}
