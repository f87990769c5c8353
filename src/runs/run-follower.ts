/** Reads a run again and again while it trains, each time only the lines that were added. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '../files/index.js';
import { type MetricLine, parseMetricLines } from './metrics.js';
import { metricsFile } from './run-folder.js';
import { type Run, readRun } from './run-reader.js';

/** Is the number of bytes before the end of what was read that are compared, to see that the file only grew. */
const markBytes = 256;

/** Remembers the metrics of a run that were read so far. */
export class RunFollower {
  readonly folder: string;
  readonly #path: string;
  #lines: MetricLine[] = [];
  /** Is the end of the last whole line that was read, in bytes. */
  #end = 0;
  /** Holds the last bytes before `#end`. */
  #mark: Buffer = Buffer.alloc(0);

  constructor(folder: string) {
    this.folder = folder;
    this.#path = join(folder, metricsFile);
  }

  /**
   * Returns what `readRun` would, from the bytes that are new. A file that was cut, as by a run that was continued from an
   * earlier checkpoint, is read from its start.
   *
   * @throws {CheckpointError} when the folder is not a run, a line of the metrics is damaged, or the checkpoint is missing
   */
  read(): Run {
    this.#readNewLines();
    return readRun(this.folder, { metrics: [...this.#lines] });
  }

  #readNewLines(): void {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'ENOENT') throw error;
      this.#forget();
      return;
    }
    try {
      if (!this.#onlyGrew(file)) this.#forget();
      const added = Buffer.alloc(Math.max(0, fstatSync(file).size - this.#end));
      const count = readSync(file, added, 0, added.length, this.#end);
      const whole = added.subarray(0, added.subarray(0, count).lastIndexOf(0x0a) + 1);
      if (whole.length === 0) return;
      const { lines, torn } = parseMetricLines(whole.toString('utf8'), {
        path: this.#path,
        linesBefore: this.#lines.length,
      });
      this.#lines.push(...lines);
      // A torn line is looked at again, as it is then no longer the last one, or was cut off.
      const known = whole.subarray(0, whole.length - Buffer.byteLength(torn));
      this.#end += known.length;
      this.#mark = Buffer.from(Buffer.concat([this.#mark, known]).subarray(-markBytes));
    } finally {
      closeSync(file);
    }
  }

  #onlyGrew(file: number): boolean {
    const there = Buffer.alloc(this.#mark.length);
    const count = readSync(file, there, 0, there.length, this.#end - there.length);
    return count === there.length && there.equals(this.#mark);
  }

  #forget(): void {
    this.#lines = [];
    this.#end = 0;
    this.#mark = Buffer.alloc(0);
  }
}
