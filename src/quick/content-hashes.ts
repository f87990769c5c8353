/**
 * Identifies files by their bytes. The result is kept with the state of the file, so that a file is read again only when it
 * has changed; a file that was changed a moment ago is always read, as its state may not tell the next change.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { FileError } from '../errors/index.js';
import { isSystemError, parseJson, writeTextAtomically } from '../files/index.js';

/** A file that changed this recently may change again without its time telling, as file systems count in steps. */
const settledNanoseconds = 2_000_000_000n;

/** Maps a path to the state that its file had and the hash that its bytes gave. */
type Known = Map<string, readonly [state: string, hash: string]>;

/** Returns 32 hexadecimal digits of the SHA-256 of bytes. */
export function contentHash(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 32);
}

/** Gives the hashes of files. */
export class ContentHashes {
  readonly #path: string;
  readonly #known: Known;
  #changed = false;

  /** Reads what is known; `path` names the file in which it is kept. */
  constructor(path: string) {
    this.#path = path;
    this.#known = readKnown(path);
  }

  /** Returns the hash of a file, or null where it cannot be read; whoever decodes it says why. */
  async of(path: string): Promise<string | null> {
    const before = await stateOf(path);
    if (before === null) return null;
    const known = this.#known.get(path);
    if (known?.[0] === before.state) return known[1];
    const bytes = await readFile(path).catch(() => null);
    if (bytes === null) return null;
    const hash = contentHash(bytes);
    const after = await stateOf(path);
    if (after?.state === before.state && after.isSettled) {
      this.#known.set(path, [after.state, hash]);
      this.#changed = true;
    }
    return hash;
  }

  /** Keeps what was found out for the next run, where the folder can be written. */
  save(): void {
    if (!this.#changed) return;
    try {
      writeTextAtomically(this.#path, JSON.stringify([...this.#known]), { createFolder: true, shared: true });
      this.#changed = false;
    } catch (error) {
      // Without it the next run reads the files once more, and nothing else changes.
      if (!(error instanceof FileError)) throw error;
    }
  }
}

async function stateOf(
  path: string,
): Promise<{ readonly state: string; readonly isSettled: boolean } | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    const settled = BigInt(Date.now()) * 1_000_000n - settledNanoseconds;
    return {
      state: [dev, ino, size, mtimeNs, ctimeNs].join(' '),
      isSettled: mtimeNs < settled && ctimeNs < settled,
    };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return null;
  }
}

function readKnown(path: string): Known {
  try {
    const entries = parseJson(readFileSync(path));
    return Array.isArray(entries) ? new Map(entries.filter(isEntry)) : new Map();
  } catch {
    // A missing or damaged file counts as none.
    return new Map();
  }
}

function isEntry(entry: unknown): entry is [string, [string, string]] {
  const [path, known] = Array.isArray(entry) ? (entry as unknown[]) : [];
  return (
    typeof path === 'string' &&
    Array.isArray(known) &&
    known.length === 2 &&
    known.every((value) => typeof value === 'string')
  );
}
