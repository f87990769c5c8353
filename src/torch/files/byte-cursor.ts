/**
 * Sequential reading of a range of a file through a small window: a pickle does not say how long it is, so a legacy
 * checkpoint has to be read forward, and its gigabytes of storages must not be loaded to get past the first kilobyte.
 */
import { CheckpointError } from '../../errors/index.js';
import type { FileBytes } from './file-bytes.js';

const WINDOW_BYTES = 64 * 1024;

export class ByteCursor {
  readonly file: FileBytes;
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

  /** Position of the next byte, from the beginning of the file. */
  get position(): number {
    return this.#position;
  }

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

  /** The next `length` bytes, as a copy of their own. */
  take(length: number): Uint8Array<ArrayBuffer> {
    this.#require(length);
    const index = this.#position - this.#windowStart;
    if (index + length > this.#window.length && length <= WINDOW_BYTES) this.#fill();
    const start = this.#position - this.#windowStart;
    const bytes =
      start + length <= this.#window.length
        ? this.#window.slice(start, start + length)
        : this.file.read(this.#position, length, { what: this.what });
    this.#position += length;
    return bytes;
  }

  view(length: number): DataView {
    return new DataView(this.take(length).buffer);
  }

  /** A newline-terminated text of at most `limit` bytes, without its newline. */
  line(limit: number): string {
    const codes: number[] = [];
    for (let code = this.byte(); code !== 0x0a; code = this.byte()) {
      if (codes.length >= limit) throw this.damaged(`a name longer than ${limit} bytes`);
      codes.push(code);
    }
    return Buffer.from(codes).toString('utf8');
  }

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
    const length = Math.min(WINDOW_BYTES, this.#end - this.#position);
    this.#window = this.file.read(this.#position, length, { what: this.what });
  }
}
