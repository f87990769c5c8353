/** Reads the text and JSON files of annotation tools, which are not trusted: sizes are bounded, and damage names the file. */

import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { DataError } from '../errors/index.js';
import { decodeText, parseJson, systemErrorReason } from '../files/index.js';

const largestFile = 1 << 29;

/**
 * Reads and parses a JSON file.
 *
 * @throws {DataError} naming the file when it cannot be read, has more than 512 MB, or is not JSON
 */
export async function readJson(path: string): Promise<unknown> {
  return jsonOf(await readBounded(path), path);
}

/**
 * Reads a file of at most 512 MB, or of as many bytes as said.
 *
 * @throws {DataError} naming the file when it cannot be read or is larger
 */
async function readBounded(
  path: string,
  { bytes = largestFile }: { readonly bytes?: number } = {},
): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > bytes) {
      throw new DataError(`${path}: has more than ${bytes / (1 << 20)} MB, which no such file needs`);
    }
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const reason = cause instanceof Error ? systemErrorReason(cause) : String(cause);
    throw new DataError(`${path}: cannot be read (${reason})`, { cause });
  }
}

/**
 * Parses the bytes of a JSON file, or of a part of it that `place` names too. NaN and Infinity, which Python writes although
 * JSON does not have them, become null.
 *
 * @throws {DataError} naming the place when they are not JSON
 */
export function jsonOf(bytes: Uint8Array, place: string): unknown {
  try {
    return parseJson(bytes);
  } catch (cause) {
    const repaired = withoutNaN(bytes);
    if (repaired !== null) return jsonOf(repaired, place);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${place}: not valid JSON (${reason}); export or copy it again`, { cause });
  }
}

/** Returns a text with null for each NaN and Infinity outside of quotes; null when there is none. */
function withoutNaN(bytes: Uint8Array): Uint8Array | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (!/NaN|Infinity/.test(text)) return null;
  const repaired = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) =>
    found.startsWith('"') ? found : 'null',
  );
  return repaired === text ? null : Buffer.from(repaired);
}

/** Says what is wrong with a value in one line: `objects.3.points: expected a list of points`. */
export function firstProblem(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'unreadable';
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

/** Holds a number that a file may state: also one beyond all bounds, which drawing names as such. */
export const numberFromFile = z.number('expected a number');

const pair = z.tuple([numberFromFile, numberFromFile], 'expected [x, y]');

/** Accepts a list of points [[x, y], …] and gives x0, y0, x1, y1, … */
export const pointList = z.array(pair, 'expected a list of points').transform((points) => {
  // A loop takes a fraction of the time of flat(), which counts for outlines of thousands of points.
  const flat: number[] = [];
  for (const [x, y] of points) flat.push(x, y);
  return flat;
});

/** Accepts a side of an image: a whole number of pixels. Larger ones are damage, and would claim all memory. */
export const imageSide = z
  .int('expected a whole number of pixels')
  .min(1, 'expected at least 1 pixel')
  .max(65_535, 'expected at most 65535 pixels');

/**
 * Reads a text file of at most 64 MB.
 *
 * @throws {DataError} naming the file when it cannot be read, is larger, or is not text
 */
export async function readBoundedText(
  path: string,
  { bytes = 1 << 26 }: { readonly bytes?: number } = {},
): Promise<string> {
  const content = await readBounded(path, { bytes });
  try {
    return decodeText(content);
  } catch (cause) {
    throw new DataError(`${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
