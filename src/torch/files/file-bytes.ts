/**
 * Reads parts of a checkpoint file. Every length and offset that a file states is checked against its real size before
 * memory is allocated, and tensors are read one at a time, so that a large file is never in memory as a whole.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CheckpointError } from '../../errors/index.js';

/** Linux reads at most 2 GiB per call, and Node refuses larger reads. */
const readChunk = 2 ** 30;

/** Gives random access to the bytes of an open file. */
export class FileBytes {
  readonly path: string;
  /** Is the size of the file in bytes. */
  readonly size: number;
  #descriptor: number | null;

  /** @throws {CheckpointError} when the file is missing, unreadable or not a regular file */
  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (cause) {
      throw new CheckpointError(`${path}: cannot be opened (${(cause as Error).message})`, { cause });
    }
    const stat = fstatSync(this.#descriptor);
    if (!stat.isFile()) {
      this.close();
      throw new CheckpointError(`${path}: expected a checkpoint file, found a folder or device`);
    }
    this.size = stat.size;
  }

  /**
   * Reads `length` bytes from `offset` into a new array. `what` names them in error messages.
   *
   * @throws {CheckpointError} when the bytes do not lie within the file
   */
  read(offset: number, length: number, { what }: { what: string }): Uint8Array<ArrayBuffer> {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
      throw new CheckpointError(
        `${this.path}: ${what} has an invalid position (byte ${offset}, ${length} bytes long); the file is damaged`,
      );
    }
    if (offset + length > this.size) {
      throw new CheckpointError(
        `${this.path}: ${what} should end at byte ${offset + length}, the file has ${this.size}; it is damaged or was not copied whole`,
      );
    }
    if (this.#descriptor === null)
      throw new CheckpointError(
        `${this.path}: expected an open file, but it was closed before ${what} was read`,
      );
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const count = readSync(
        this.#descriptor,
        bytes,
        done,
        Math.min(readChunk, length - done),
        offset + done,
      );
      if (count === 0) {
        throw new CheckpointError(`${this.path}: ${what} ended early; the file shrank while it was read`);
      }
      done += count;
    }
    return bytes;
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
