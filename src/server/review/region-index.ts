/**
 * Finds the regions of an audit by their place in its order. Only where each line stands and what is filtered by are in memory,
 * so that the audit of any number of images can be served; a region itself is read when it is shown.
 */

import { type FileHandle, open, stat } from 'node:fs/promises';
import type { SuspectRegion } from '../../audit/index.js';
import { DataError } from '../../errors/index.js';
import { parseJson } from '../../files/index.js';

/** Says which regions are wanted; what is absent does not matter. */
export interface RegionFilter {
  readonly kind?: SuspectRegion['kind'];
  /** Names the class that the labels give. */
  readonly given?: string;
  /** Names the class that the network suggests. */
  readonly suggested?: string;
}

interface Entry {
  readonly start: number;
  readonly length: number;
  readonly kind: SuspectRegion['kind'];
  /** Is one object for all entries of the same two classes. */
  readonly pair: { readonly given: string; readonly suggested: string };
  readonly pixels: number;
}

const pieceBytes = 2 ** 18;
const lineFeed = 10;

/** Holds where the regions of a file stand. */
export class RegionIndex {
  readonly file: string;
  /** Changes when the file does. */
  readonly fingerprint: string;
  readonly #entries: readonly Entry[];
  readonly #places: ReadonlyMap<string, number>;

  private constructor(
    file: string,
    {
      fingerprint,
      entries,
      places,
    }: {
      readonly fingerprint: string;
      readonly entries: readonly Entry[];
      readonly places: ReadonlyMap<string, number>;
    },
  ) {
    this.file = file;
    this.fingerprint = fingerprint;
    this.#entries = entries;
    this.#places = places;
  }

  /**
   * Reads a `regions.jsonl` piece by piece; other calls are answered between two pieces.
   *
   * @throws {DataError} naming the line when one is no region
   */
  static async read(file: string): Promise<RegionIndex> {
    const fingerprint = await fingerprintOf(file);
    const entries: Entry[] = [];
    const places = new Map<string, number>();
    const pairs = new Map<string, Entry['pair']>();
    const handle = await open(file);
    try {
      for await (const { bytes, start } of lines(handle)) {
        const region = regionOf(bytes, `${file}, line ${entries.length + 1}`);
        const { id, kind, given, suggested, pixels } = region;
        const key = JSON.stringify([given, suggested]);
        const pair = pairs.get(key) ?? { given, suggested };
        pairs.set(key, pair);
        places.set(id, entries.length);
        entries.push({ start, length: bytes.length, kind, pair, pixels });
      }
    } finally {
      await handle.close();
    }
    return new RegionIndex(file, { fingerprint, entries, places });
  }

  /** Counts the regions. */
  get length(): number {
    return this.#entries.length;
  }

  /** Returns the place of a region in the order of the audit, from 0; undefined for an unknown one. */
  placeOf(id: string): number | undefined {
    return this.#places.get(id);
  }

  /** Counts the suspected pixels of a region by its place. */
  pixels(place: number): number {
    return this.#entries[place]?.pixels ?? 0;
  }

  /** Returns the places of the regions that a filter lets through, in order. */
  matching({ kind, given, suggested }: RegionFilter): number[] {
    const found: number[] = [];
    for (const [place, entry] of this.#entries.entries()) {
      if (kind !== undefined && entry.kind !== kind) continue;
      if (given !== undefined && entry.pair.given !== given) continue;
      if (suggested !== undefined && entry.pair.suggested !== suggested) continue;
      found.push(place);
    }
    return found;
  }

  /**
   * Reads regions by their places.
   *
   * @throws {DataError} when the file was changed meanwhile
   */
  async regions(places: readonly number[]): Promise<SuspectRegion[]> {
    const handle = await open(this.file);
    try {
      const found: SuspectRegion[] = [];
      for (const place of places) {
        const entry = this.#entries[place];
        if (entry === undefined) continue;
        const bytes = Buffer.allocUnsafe(entry.length);
        const { bytesRead } = await handle.read(bytes, 0, entry.length, entry.start);
        found.push(regionOf(bytes.subarray(0, bytesRead), `${this.file}, line ${place + 1}`));
      }
      return found;
    } finally {
      await handle.close();
    }
  }
}

/** Returns a text that changes when a file does. */
export async function fingerprintOf(file: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(file);
  return `${size} ${mtimeMs} ${ino}`;
}

function regionOf(bytes: Uint8Array, place: string): SuspectRegion {
  try {
    const value = parseJson(bytes) as SuspectRegion;
    if (typeof value.id === 'string' && typeof value.runs === 'string' && Array.isArray(value.box))
      return value;
  } catch {
    // Told below.
  }
  throw new DataError(`${place}: is no region of an audit; run coarsely audit again into a new folder`);
}

async function* lines(
  handle: FileHandle,
): AsyncGenerator<{ readonly bytes: Buffer; readonly start: number }> {
  let rest: Buffer[] = [];
  let [start, position] = [0, 0];
  for (;;) {
    const piece = Buffer.allocUnsafe(pieceBytes);
    const { bytesRead } = await handle.read(piece, 0, pieceBytes, position);
    if (bytesRead === 0) return;
    let from = 0;
    for (
      let end = piece.indexOf(lineFeed);
      end !== -1 && end < bytesRead;
      end = piece.indexOf(lineFeed, from)
    ) {
      yield { bytes: Buffer.concat([...rest, piece.subarray(from, end)]), start };
      rest = [];
      from = end + 1;
      start = position + from;
    }
    if (from < bytesRead) rest.push(piece.subarray(from, bytesRead));
    position += bytesRead;
    await new Promise(setImmediate);
  }
}
