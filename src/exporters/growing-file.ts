/** Writes a text file piece by piece, so that a file about thousands of images is never held in memory. */

import { closeSync, openSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFile } from '../files/index.js';

/** Pieces are gathered to this length before they are written. */
const longestPiece = 2 ** 20;

/** Is a text file that grows, inside a folder that is being staged. Between two pieces it is closed. */
export class GrowingFile {
  readonly #path: string;
  #pieces: string[] = [];
  #length = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Creates a file, which must not exist, and its folder. */
  static async create(path: string): Promise<GrowingFile> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '', { flag: 'wx' });
    return new GrowingFile(path);
  }

  async write(text: string): Promise<void> {
    this.#pieces.push(text);
    this.#length += text.length;
    if (this.#length >= longestPiece) await this.#flush();
  }

  /** Writes what is left and waits until it is on the disk. */
  async end(): Promise<void> {
    await this.#flush();
    const descriptor = openSync(this.#path, 'r+');
    try {
      syncFile(descriptor, this.#path);
    } finally {
      closeSync(descriptor);
    }
  }

  async #flush(): Promise<void> {
    await appendFile(this.#path, this.#pieces.join(''));
    this.#pieces = [];
    this.#length = 0;
  }
}
