/** Keeps pictures that took time to make in a folder of bounded size outside the dataset. */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporarySuffix } from '../../files/index.js';

/** Configures `PictureCache`. */
export interface PictureCacheOptions {
  /** Limits the bytes on the disk; 1 GiB by default. When they are exceeded, the pictures used longest ago go first. */
  readonly mostBytes?: number;
  /** Limits the pictures that are made at the same time; 2 by default. */
  readonly together?: number;
}

/** Holds a picture as a file's content. */
export interface KeptPicture {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Names the content, for a browser that asks whether its copy is still good. */
  readonly tag: string;
}

interface Waiting {
  readonly begin: () => void;
  readonly signal: AbortSignal | undefined;
  readonly refuse: (reason: Error) => void;
}

/** Makes pictures, at most a few at a time and each once, and keeps them. */
export class PictureCache {
  readonly #folder: string;
  readonly #mostBytes: number;
  readonly #together: number;
  readonly #making = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  readonly #waiting: Waiting[] = [];
  #busy = 0;
  /** Is null until the folder was looked through. */
  #bytes: Promise<number> | null = null;
  #shrinking: Promise<void> | null = null;

  constructor(folder: string, { mostBytes = 2 ** 30, together = 2 }: PictureCacheOptions = {}) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
    this.#together = together;
  }

  /** Returns a name for the content of a picture by its key. */
  tagOf(key: Readonly<Record<string, unknown>>): string {
    return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32);
  }

  /**
   * Returns the picture of a key, and makes it where it is not kept. The key must hold everything that the picture depends
   * on; `fileState` gives the part for a file. Those asked for last are made first, as a reader looks at them now.
   *
   * @param signal ends the wait of a reader who is gone
   */
  async get(
    key: Readonly<Record<string, unknown>>,
    { make, signal }: { readonly make: () => Promise<Uint8Array>; readonly signal?: AbortSignal | undefined },
  ): Promise<KeptPicture> {
    const tag = this.tagOf(key);
    const path = join(this.#folder, tag.slice(0, 2), tag);
    const kept = await readFile(path).catch(() => null);
    if (kept !== null) {
      const now = new Date();
      utimes(path, now, now).catch(() => undefined);
      return { bytes: kept, tag };
    }
    const known = this.#making.get(tag);
    if (known !== undefined) {
      try {
        return { bytes: await known, tag };
      } catch (error) {
        // The reader who asked first is gone; this one still waits.
        if (!isAbort(error) || signal?.aborted === true) throw error;
        return this.get(key, { make, signal });
      }
    }
    const making = this.#turn(async () => {
      const bytes = Uint8Array.from(await make());
      await this.#keep(path, bytes);
      return bytes;
    }, signal).finally(() => this.#making.delete(tag));
    this.#making.set(tag, making);
    return { bytes: await making, tag };
  }

  /** Waits until the folder is within its limit; only tests need it. */
  async settled(): Promise<void> {
    await this.#shrinking;
  }

  async #turn<Result>(work: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    if (this.#busy >= this.#together) {
      await new Promise<void>((begin, refuse) => this.#waiting.push({ begin, signal, refuse }));
    }
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
      this.#beginNext();
    }
  }

  #beginNext(): void {
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      if (next.signal?.aborted !== true) {
        next.begin();
        return;
      }
      next.refuse(new DOMException('the reader is gone', 'AbortError'));
    }
  }

  /** Writes a file whole or not at all. A cache that cannot be written costs time and nothing else. */
  async #keep(path: string, bytes: Uint8Array): Promise<void> {
    const whole = `${path}.${process.pid}${temporarySuffix}`;
    try {
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
      await writeFile(whole, bytes, { mode: 0o600 });
      await rename(whole, path);
    } catch {
      await rm(whole, { force: true }).catch(() => undefined);
      return;
    }
    this.#bytes = this.#bytes === null ? this.#measure() : this.#bytes.then((sum) => sum + bytes.length);
    if ((await this.#bytes) > this.#mostBytes) this.#shrinking ??= this.#shrink();
  }

  async #measure(): Promise<number> {
    return (await this.#files()).reduce((sum, { size }) => sum + size, 0);
  }

  /** Removes the files used longest ago until a fifth of the room is free. */
  async #shrink(): Promise<void> {
    const files = (await this.#files()).sort((a, b) => a.used - b.used);
    let sum = files.reduce((total, { size }) => total + size, 0);
    for (const { path, size } of files) {
      if (sum <= 0.8 * this.#mostBytes) break;
      await rm(path, { force: true });
      sum -= size;
    }
    this.#bytes = Promise.resolve(sum);
    this.#shrinking = null;
  }

  async #files(): Promise<{ readonly path: string; readonly size: number; readonly used: number }[]> {
    const files: { path: string; size: number; used: number }[] = [];
    for (const group of await readdir(this.#folder).catch(() => [])) {
      for (const name of await readdir(join(this.#folder, group)).catch(() => [])) {
        const path = join(this.#folder, group, name);
        const found = await stat(path).catch(() => null);
        if (found !== null) files.push({ path, size: found.size, used: found.mtimeMs });
      }
    }
    return files;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Returns what tells that a file is the same as before: its path, size and time of change. */
export async function fileState(path: string): Promise<Readonly<Record<string, unknown>>> {
  const { size, mtimeMs, ino } = await stat(path);
  return { path, size, changed: mtimeMs, ino };
}
