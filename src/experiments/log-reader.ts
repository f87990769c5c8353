/** Reads what a training process appends to its log file: how far it is, and why it ended. */

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { JobProgress } from './queue.js';

/** Of what is new since the last look, this many bytes at the end hold the last step. */
const tail = 4096;
/** An error is the last thing that a process prints. */
const errorTail = 65_536;

export class LogReader {
  readonly #file: string;
  /** Where the lines of this process begin: a log may hold those of earlier starts. */
  readonly #start: number;
  #read: number;

  /** `file` must exist; what it holds by now is not read. */
  constructor(file: string) {
    this.#file = file;
    this.#start = readFrom(file, { start: 0, length: 0 }).size;
    this.#read = this.#start;
  }

  /** The last step that was printed since the last call; null when none was. */
  progress(): JobProgress | null {
    const { text, size } = readFrom(this.#file, { start: this.#read, length: tail });
    // A line that is not whole yet is read again.
    const whole = text.lastIndexOf('\n') + 1;
    this.#read = size - Buffer.byteLength(text.slice(whole));
    const last = [...text.slice(0, whole).matchAll(/^step (\d+)\/(\d+) /gm)].at(-1);
    return last === undefined ? null : { step: Number(last[1]), iterations: Number(last[2]) };
  }

  /** The last error that was printed; null for a process that was killed, which prints none. */
  error(): string | null {
    const { text } = readFrom(this.#file, { start: this.#start, length: errorTail });
    const marks = text.split(/^coarsely: /m);
    const message = marks.length > 1 ? (marks.at(-1) ?? '').trim() : '';
    return message === '' ? null : message;
  }
}

/** The last `length` bytes of what follows `start`, and the size of the file. */
function readFrom(
  file: string,
  { start, length }: { readonly start: number; readonly length: number },
): { readonly text: string; readonly size: number } {
  // Removing a log must not end its run.
  if (!existsSync(file)) return { text: '', size: start };
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(start, size - length);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    const count = readSync(descriptor, bytes, 0, bytes.length, from);
    return { text: bytes.toString('utf8', 0, count), size: from + count };
  } finally {
    closeSync(descriptor);
  }
}
