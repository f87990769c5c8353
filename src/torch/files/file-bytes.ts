/**
 * Bounded random access to a checkpoint file. Everything a checkpoint claims about itself (lengths, offsets) is
 * checked against the real size before a byte is allocated, and tensors are read one at a time from the descriptor,
 * so that a large file is never held in memory whole.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CheckpointError } from '../../errors/index.js';

/** One read call of Linux moves at most 2 GiB; Node refuses more. */
const READ_CHUNK = 2 ** 30;

export class FileBytes {
  readonly path: string;
  readonly size: number;
  #descriptor: number | null;

  /** @throws CheckpointError when the file is missing, unreadable or not a regular file. */
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

  /** `length` bytes from `offset`, freshly allocated. `what` names them in the error of a truncated file. */
  read(offset: number, length: number, { what }: { what: string }): Uint8Array<ArrayBuffer> {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
      throw new CheckpointError(
        `${this.path}: ${what} has an impossible position (${offset}, ${length} bytes)`,
      );
    }
    if (offset + length > this.size) {
      throw new CheckpointError(
        `${this.path}: ${what} should end at byte ${offset + length}, the file has ${this.size}; it is damaged or was not copied whole`,
      );
    }
    if (this.#descriptor === null) throw new CheckpointError(`${this.path}: read after close`);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const count = readSync(
        this.#descriptor,
        bytes,
        done,
        Math.min(READ_CHUNK, length - done),
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
