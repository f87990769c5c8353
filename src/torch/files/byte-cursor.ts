/**
 * Reads a range of a file sequentially through a small window. A pickle does not state its length, so the reader only
 * learns where it ends by reading it, and must not load the gigabytes of tensors that follow.
 */
import { CheckpointError } from '../../errors/index.js';
import type { FileBytes } from './file-bytes.js';

const windowBytes = 64 * 1024;

/** Reads bytes, numbers and lines forward from a position in a file. */
export class ByteCursor {
  readonly file: FileBytes;
  /** Names the range in error messages. */
  readonly what: string;
  #position: number;
  readonly #end: number;
  #window: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #windowStart = 0;

  constructor(file: FileBytes, { start, end, what }: { start: number; end: number; what: string }) {
    this.file = file;
    this.what = what;
    this.#position = start;
    this.#end = end;
    this.#windowStart = start;
  }

  /** Is the position of the next byte in the file. */
  get position(): number {
    return this.#position;
  }

  /**
   * Reads one byte.
   *
   * @throws {CheckpointError} when the range has ended, as the other methods do
   */
  byte(): number {
    const index = this.#position - this.#windowStart;
    const value = this.#window[index];
    if (value === undefined) {
      this.#require(1);
      this.#fill();
      return this.byte();
    }
    this.#position += 1;
    return value;
  }

  /** Reads `length` bytes into an array of their own. */
  take(length: number): Uint8Array<ArrayBuffer> {
    this.#require(length);
    const index = this.#position - this.#windowStart;
    if (index + length > this.#window.length && length <= windowBytes) this.#fill();
    const start = this.#position - this.#windowStart;
    const bytes =
      start + length <= this.#window.length
        ? this.#window.slice(start, start + length)
        : this.file.read(this.#position, length, { what: this.what });
    this.#position += length;
    return bytes;
  }

  /** Reads `length` bytes for decoding numbers. */
  view(length: number): DataView {
    return new DataView(this.take(length).buffer);
  }

  /** Reads text of at most `limit` bytes up to a newline, which is left out. */
  line(limit: number): string {
    const codes: number[] = [];
    for (let code = this.byte(); code !== 0x0a; code = this.byte()) {
      if (codes.length >= limit) throw this.damaged(`a name longer than ${limit} bytes`);
      codes.push(code);
    }
    return Buffer.from(codes).toString('utf8');
  }

  /** Returns an error that names file, range and position. */
  damaged(detail: string): CheckpointError {
    return new CheckpointError(`${this.file.path}: ${this.what} (byte ${this.#position}): ${detail}`);
  }

  #require(length: number): void {
    if (this.#position + length > this.#end) {
      throw new CheckpointError(
        `${this.file.path}: ${this.what} should have ${length} more bytes at byte ${this.#position}, but ends at ${this.#end}; it is damaged or was not copied whole`,
      );
    }
  }

  #fill(): void {
    this.#windowStart = this.#position;
    const length = Math.min(windowBytes, this.#end - this.#position);
    this.#window = this.file.read(this.#position, length, { what: this.what });
  }
}
