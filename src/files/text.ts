/**
 * Decodes the text files that a run or a dataset is described by. Editors and shells of Windows begin UTF-8 with a byte order
 * mark or write UTF-16, neither of which the parsers of JSON and YAML expect. Every reader of such files uses these functions.
 */

import { readFileSync } from 'node:fs';

const byteOrderMark = '\uFEFF';

/**
 * Returns the text of a file's bytes without a byte order mark: UTF-8, or UTF-16 when its mark is there.
 *
 * @throws {SyntaxError} when the bytes are not text of that encoding
 */
export function decodeText(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  try {
    // The decoder removes the mark.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError(`not ${encoding.toUpperCase()} text; save the file as UTF-8`, { cause });
  }
}

function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return 'utf-8';
}

/**
 * Reads a text file as `decodeText` does.
 *
 * @throws {Error} of the file system when the file cannot be read
 * @throws {SyntaxError} when it is not text
 */
export function readText(path: string): string {
  return decodeText(readFileSync(path));
}

/**
 * Parses JSON from text or from the bytes of a file, with or without a byte order mark.
 *
 * @throws {SyntaxError} when it is not JSON
 */
export function parseJson(content: string | Uint8Array): unknown {
  const text = typeof content === 'string' ? content : decodeText(content);
  return JSON.parse(text.startsWith(byteOrderMark) ? text.slice(1) : text);
}
