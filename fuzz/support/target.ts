/** Defines what a fuzz target is: a reader, the files from which mutation starts, and the tokens of its format. */

import { CoarselyError } from 'coarsely/errors';

/** Is what each file of `targets/` exports. */
export interface FuzzTarget {
  /**
   * Reads `data` as the target's format. It throws when the reader fails by anything but one of this package's errors, or
   * returns something that its format forbids.
   */
  readonly fuzz: (data: Uint8Array) => void | Promise<void>;
  /** Returns sound inputs, from which the fuzzer makes others. */
  readonly seeds: () => Uint8Array[] | Promise<Uint8Array[]>;
  /** Lists texts that have a meaning in the format, which the fuzzer inserts. */
  readonly dictionary: readonly string[];
}

/** Holds what a reader returned, or the error that it is allowed to throw. */
export type Outcome<Value> = { readonly value: Value } | { readonly error: CoarselyError };

const longestMessage = 4096;

/**
 * Calls a reader.
 *
 * @throws {Error} when the reader throws anything but a CoarselyError, or one whose message is no message for a person
 */
export async function outcomeOf<Value>(read: () => Value | Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (!(error instanceof CoarselyError)) throw error;
    if (error.message.length > longestMessage) {
      throw new Error(`a message of ${error.message.length} characters: ${error.message.slice(0, 200)}`);
    }
    return { error };
  }
}
