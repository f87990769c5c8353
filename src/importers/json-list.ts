/**
 * Reads JSON files whose bulk is one list, element by element: the tasks of an export of 20 000 images need no more memory
 * than the largest task. Strings are skipped and brackets counted here; each element is parsed as a whole.
 */

import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { DataError } from '../errors/index.js';
import { systemErrorReason } from '../files/index.js';
import { jsonOf } from './json-file.js';

/** Names the list to read. */
export interface JsonListOptions {
  /** Is the key of the list in the object that the file holds; null where the file itself is the list. */
  readonly list: string | null;
  /** Ends the reading after so many bytes, for a look at the beginning; the whole file by default. */
  readonly limit?: number;
}

/** Holds an element of the list, or, at the end, the file without the elements of the list. */
export type JsonPart =
  | {
      readonly kind: 'element';
      readonly index: number;
      readonly bytes: Uint8Array;
      /** Is the place of its first byte in the file; null in a file of UTF-16. */
      readonly start: number | null;
    }
  | { readonly kind: 'rest'; readonly bytes: Uint8Array; readonly complete: boolean };

/** Bounds one element, and all that stands around the list: more is damage, or made to exhaust memory. */
const largestPart = 1 << 28;

/**
 * Gives the elements of the list one after the other, and then what stands around it.
 *
 * @throws {DataError} naming the file when it cannot be read, ends too early, or one element is larger than 256 MB
 */
export async function* jsonParts(path: string, options: JsonListOptions): AsyncGenerator<JsonPart> {
  const scanner = new ListScanner(path, options.list);
  let isFirst = true;
  try {
    const end = options.limit === undefined ? {} : { end: options.limit - 1 };
    for await (const chunk of createReadStream(path, { ...end, highWaterMark: 1 << 20 })) {
      let bytes = chunk as Uint8Array;
      if (isFirst && isUtf16(bytes)) {
        yield* new ListScanner(path, options.list).all(utf8Of(await readFile(path), path));
        return;
      }
      if (isFirst && byteOrderMark.every((byte, place) => bytes[place] === byte)) {
        bytes = bytes.subarray(byteOrderMark.length);
        scanner.passOver(byteOrderMark.length);
      }
      isFirst = false;
      yield* scanner.next(bytes);
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const reason = cause instanceof Error ? systemErrorReason(cause) : String(cause);
    throw new DataError(`${path}: cannot be read (${reason})`, { cause });
  }
  if (!scanner.complete && options.limit === undefined) throw scanner.cutOff();
  yield { kind: 'rest', bytes: scanner.rest(), complete: scanner.complete };
}

/** Holds an element of a list with its index. */
export interface JsonElement {
  readonly index: number;
  readonly value: unknown;
}

/**
 * Gives the parsed elements of the list of a file, one after the other.
 *
 * @throws {DataError} naming the file, and the element, when it is not JSON
 */
export async function* jsonElements(path: string, options: JsonListOptions): AsyncGenerator<JsonElement> {
  for await (const part of jsonParts(path, options)) {
    if (part.kind === 'rest') {
      // What stands around the list is looked at too, so that a damaged file does not pass for a shorter one.
      jsonOf(part.bytes, path);
      return;
    }
    const place = `${options.list ?? ''}[${part.index}]`;
    yield { index: part.index, value: jsonOf(part.bytes, `${path}: ${place}`) };
  }
}

/**
 * Returns what a file holds beside the elements of its list, and how many of these there are.
 *
 * @throws {DataError} naming the file when it is not JSON
 */
export async function jsonRest(
  path: string,
  options: JsonListOptions,
): Promise<{ readonly value: unknown; readonly count: number }> {
  let count = 0;
  for await (const part of jsonParts(path, options)) {
    if (part.kind === 'rest') return { value: jsonOf(part.bytes, path), count };
    count++;
  }
  throw new DataError(`${path}: ends before its list is closed`);
}

/** Is what some programs write before UTF-8 text. */
const byteOrderMark = [0xef, 0xbb, 0xbf];

function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function utf8Of(bytes: Uint8Array, path: string): Uint8Array {
  const label = bytes[0] === 0xff ? 'utf-16le' : 'utf-16be';
  try {
    return new TextEncoder().encode(new TextDecoder(label, { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DataError(`${path}: not ${label.toUpperCase()} text; save the file as UTF-8`, { cause });
  }
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Is 1 for bytes that neither open nor close nor separate anything. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  [quote, comma, colon, openBracket, closeBracket, openBrace, closeBrace].includes(byte) ? 0 : 1,
);

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Finds the elements of a list in bytes that come in pieces. */
class ListScanner {
  readonly #path: string;
  readonly #list: string | null;
  /** Holds the brackets that are open. */
  readonly #open: number[] = [];
  #inString = false;
  #escaped = false;
  /** Is the depth inside the list, and −1 outside. */
  #listDepth = -1;
  #listIsDone = false;
  #started = false;
  /** Holds the last text at depth 1, which a colon makes a key. */
  #text: number[] = [];
  #key: string | null = null;
  #index = 0;
  /** Says whether a comma came after the last element. */
  #afterComma = false;
  #element: Uint8Array[] | null = null;
  #elementSize = 0;
  #elementStart = 0;
  /** Is the place in the file of the bytes that come next. */
  #offset = 0;
  readonly #rest: Uint8Array[] = [];
  #restSize = 0;

  constructor(path: string, list: string | null) {
    this.#path = path;
    this.#list = list;
  }

  /** Is true once the value of the file is closed. */
  get complete(): boolean {
    return this.#started && this.#open.length === 0 && !this.#inString;
  }

  cutOff(): DataError {
    return new DataError(
      this.#started
        ? `${this.#path}: the JSON ends in the middle; copy or export it again`
        : `${this.#path}: is empty, where JSON was expected`,
    );
  }

  rest(): Uint8Array {
    return Buffer.concat(this.#rest);
  }

  /** Says that so many bytes of the file are not given. */
  passOver(count: number): void {
    this.#offset += count;
  }

  *all(bytes: Uint8Array): Generator<JsonPart> {
    for (const part of this.next(bytes)) yield part.kind === 'element' ? { ...part, start: null } : part;
    if (!this.complete) throw this.cutOff();
    yield { kind: 'rest', bytes: this.rest(), complete: true };
  }

  *next(bytes: Uint8Array): Generator<JsonPart> {
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (this.#inString) {
        this.#insideString(byte);
        continue;
      }
      // Most bytes are digits and letters inside of an element.
      if (this.#element !== null && isPlain[byte] === 1) continue;
      const inList = this.#open.length === this.#listDepth;
      if (inList && (byte === comma || byte === closeBracket)) {
        if (this.#element !== null) {
          yield this.#endElement(bytes.subarray(from, at));
          from = at;
          this.#afterComma = byte === comma;
        } else if (byte === comma || this.#afterComma) throw this.#unexpected(byte);
        // The commas between elements are dropped, so that what remains is an empty list.
        if (byte === comma) {
          this.#keep(bytes.subarray(from, at));
          from = at + 1;
          continue;
        }
      } else if (inList && this.#element === null && !isSpace(byte)) {
        this.#keep(bytes.subarray(from, at));
        from = at;
        this.#element = [];
        this.#elementSize = 0;
        this.#elementStart = this.#offset + at;
      }
      this.#structure(byte);
    }
    const last = bytes.subarray(from);
    if (this.#element === null) this.#keep(last);
    else this.#grow(last);
    this.#offset += bytes.length;
  }

  #insideString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === backslash) this.#escaped = true;
    else if (byte === quote) this.#inString = false;
    // Longer keys are not that of the list.
    if (this.#inString && this.#open.length === 1 && this.#text.length < 64) this.#text.push(byte);
  }

  #structure(byte: number): void {
    switch (byte) {
      case quote:
        this.#inString = true;
        this.#started = true;
        this.#text = [];
        break;
      case openBracket:
      case openBrace:
        this.#started = true;
        this.#open.push(byte);
        if (byte === openBracket && this.#isList()) this.#listDepth = this.#open.length;
        break;
      case closeBracket:
      case closeBrace:
        if (this.#open.at(-1) !== (byte === closeBracket ? openBracket : openBrace)) {
          throw this.#unexpected(byte);
        }
        if (this.#open.length === this.#listDepth) {
          this.#listDepth = -1;
          this.#listIsDone = true;
        }
        this.#open.pop();
        break;
      case colon:
        if (this.#open.length === 1) this.#key = Buffer.from(this.#text).toString('utf8');
        break;
      case comma:
        if (this.#open.length === 1) this.#key = null;
        break;
      default:
        if (!isSpace(byte)) this.#started = true;
    }
  }

  #isList(): boolean {
    if (this.#listIsDone || this.#listDepth !== -1) return false;
    const depth = this.#open.length;
    return this.#list === null ? depth === 1 : depth === 2 && this.#key === this.#list;
  }

  #unexpected(byte: number): DataError {
    const place = this.#listDepth === -1 ? '' : ` ${this.#list ?? ''}[${this.#index}]:`;
    return new DataError(
      `${this.#path}:${place} not valid JSON (unexpected '${String.fromCharCode(byte)}'); export or copy it again`,
    );
  }

  #endElement(last: Uint8Array): JsonPart {
    this.#grow(last);
    const bytes = Buffer.concat(this.#element ?? []);
    this.#element = null;
    return { kind: 'element', index: this.#index++, bytes, start: this.#elementStart };
  }

  #grow(bytes: Uint8Array): void {
    this.#elementSize += bytes.length;
    if (this.#elementSize > largestPart) {
      throw new DataError(
        `${this.#path}: ${this.#list ?? ''}[${this.#index}] has more than 256 MB, which nothing needs`,
      );
    }
    // The stream does not reuse its buffers, so no copy is needed.
    this.#element?.push(bytes);
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#restSize += bytes.length;
    if (this.#restSize > largestPart) {
      throw new DataError(`${this.#path}: has more than 256 MB outside of the list that was expected`);
    }
    // A copy, as a part would keep all of what was read with it in memory.
    this.#rest.push(new Uint8Array(bytes));
  }
}
