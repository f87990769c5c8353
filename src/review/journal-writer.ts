/**
 * Appends decisions to a journal. A decision is on the disk when `append` returns, nothing that is in the file is ever changed,
 * and a line that broke off in a crash is closed, so that the next one does not run into it.
 */

import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError, FileError, OperationError } from '../errors/index.js';
import {
  isSystemError,
  ownerName,
  ProcessLock,
  syncFile,
  syncFolder,
  systemErrorReason,
  writeAll,
} from '../files/index.js';
import { type JournalLine, journalLine } from './journal-line.js';
import { readJournal } from './read-journal.js';

type WithoutIdentity<Line> = Line extends JournalLine
  ? Omit<Line, 'id' | 'time'> & { readonly id?: string; readonly time?: string }
  : never;

/** Is a line to write; a missing id is drawn, and a missing time is now. */
export type NewJournalLine = WithoutIdentity<JournalLine>;

const lineFeed = 10;

/** Writes a journal. One process at a time does; the next one goes on behind its last line. */
export class JournalWriter implements Disposable {
  readonly path: string;
  readonly #lock: ProcessLock;
  readonly #descriptor: number;
  #isOpen = true;

  private constructor(path: string, { lock, descriptor }: { lock: ProcessLock; descriptor: number }) {
    this.path = path;
    this.#lock = lock;
    this.#descriptor = descriptor;
  }

  /**
   * Opens a journal and creates it with its folder where there is none; the caller disposes the writer.
   *
   * @throws {DataError} when there is a file that is no journal
   * @throws {ConfigError} when another process writes this journal
   * @throws {FileError} when the file cannot be written
   */
  static open(path: string): JournalWriter {
    return withFileErrors(path, () => {
      const isNew = !existsSync(path);
      // A file of something else that was named by mistake stays as it is.
      if (!isNew) readJournal(path);
      mkdirSync(dirname(path), { recursive: true });
      const lock = ProcessLock.take(`${path}.lock`);
      if (!(lock instanceof ProcessLock)) {
        throw new ConfigError(
          `${path}: ${ownerName(lock)} writes this journal; end it, or name another file`,
        );
      }
      try {
        // Opened for reading too, as the last byte decides how the next line begins.
        const descriptor = openSync(path, 'a+');
        if (isNew) syncFolder(dirname(path));
        return new JournalWriter(path, { lock, descriptor });
      } catch (error) {
        lock.release();
        throw error;
      }
    });
  }

  /**
   * Appends lines and waits until they are on the disk.
   *
   * @returns the lines as they were written
   * @throws {OperationError} when one is no line of a journal; none is written then
   * @throws {FileError} when they cannot be written
   */
  append(...lines: readonly NewJournalLine[]): JournalLine[] {
    const whole = lines.map(({ id = randomUUID(), time = new Date().toISOString(), ...line }) => {
      const parsed = journalLine.safeParse({ id, time, ...line });
      if (parsed.success) return parsed.data;
      const [issue] = parsed.error.issues;
      throw new OperationError(
        `${this.path}: no line of a journal: ${issue?.path.join('.')}: ${issue?.message}`,
      );
    });
    withFileErrors(this.path, () => {
      const text = whole.map((line) => `${JSON.stringify(line)}\n`).join('');
      writeAll(this.#descriptor, Buffer.from(this.#isLineOpen() ? `\n${text}` : text));
      syncFile(this.#descriptor, this.path);
    });
    return whole;
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
    this.#lock.release();
  }

  /** Tells whether the file ends within a line, after a crash, a full disk or another program's writing. */
  #isLineOpen(): boolean {
    const { size } = fstatSync(this.#descriptor);
    if (size === 0) return false;
    const last = new Uint8Array(1);
    return readSync(this.#descriptor, last, 0, 1, size - 1) === 1 && last[0] !== lineFeed;
  }
}

function withFileErrors<Result>(path: string, write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new FileError(`${path}: cannot be written (${systemErrorReason(error)})`, { cause: error });
  }
}
