/**
 * Reads journals of decisions. A line that is damaged is named and left out, so that a crash while it was written costs that
 * decision and no other.
 */

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DataError } from '../errors/index.js';
import { isSystemError, parseJson } from '../files/index.js';
import { type JournalLine, journalLine } from './journal-line.js';
import type { ReviewFinding } from './review-finding.js';

/** Holds a line with the place where it stands. */
export interface PlacedLine<Line = JournalLine> {
  readonly line: Line;
  /** Names the file and the line in it: `a.jsonl: line 3`. */
  readonly place: string;
}

/** Holds the content of a journal. */
export interface Journal {
  readonly path: string;
  /** Lists the lines in the order of the file. */
  readonly lines: readonly PlacedLine[];
  /** Names the lines that were left out. */
  readonly findings: readonly ReviewFinding[];
}

/** Limits a line, far above the run lengths of any region. */
const longestLine = 2 ** 26;
const pieceBytes = 2 ** 20;
const lineFeed = 10;

/**
 * Reads a journal.
 *
 * @throws {DataError} when the file cannot be read, or holds text and not a single decision
 */
export function readJournal(path: string): Journal {
  const lines: PlacedLine[] = [];
  const findings: ReviewFinding[] = [];
  let damaged = 0;
  for (const { bytes, number, ended } of textLines(path)) {
    const place = `${path}: line ${number}`;
    const read = readLine(bytes);
    if (read === 'blank') continue;
    if (typeof read !== 'string') {
      lines.push({ line: read, place });
      continue;
    }
    const cut = !ended && looksCut(bytes);
    if (!cut) damaged++;
    findings.push({
      code: cut ? 'cut-line' : 'damaged-line',
      message: cut
        ? 'the last line breaks off, as the program ended while it was written; this decision is left out'
        : 'a line is no decision, and is left out',
      example: cut ? place : `${place}: ${read}`,
    });
  }
  if (lines.length === 0 && damaged > 0) {
    throw new DataError(
      `${path}: is no journal; expected a JSON object with id, time, by and action in each line, received ${findings[0]?.example.replace(`${path}: `, '')}`,
    );
  }
  return { path, lines, findings };
}

/** Returns the decision of a line, `blank`, or what is wrong with it. */
function readLine(bytes: Uint8Array | null): JournalLine | string {
  if (bytes === null) return `longer than ${longestLine / 2 ** 20} MiB`;
  if (bytes.every((byte) => byte === 32 || byte === 9 || byte === 13)) return 'blank';
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const parsed = journalLine.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return `${at}${issue?.message}`;
}

/** Tells whether an unfinished line is the beginning of an object, or the zeros that a power cut may leave. */
function looksCut(bytes: Uint8Array | null): boolean {
  return bytes !== null && (bytes[0] === 0x7b || bytes.every((byte) => byte === 0));
}

interface TextLine {
  /** Is null for a line that is too long to be one of a journal. */
  readonly bytes: Uint8Array | null;
  readonly number: number;
  /** Is false for a last line without its line feed. */
  readonly ended: boolean;
}

function* textLines(path: string): Generator<TextLine> {
  const descriptor = openFile(path);
  try {
    let number = 1;
    let kept: Uint8Array[] = [];
    let length = 0;
    const keep = (piece: Uint8Array) => {
      length += piece.length;
      if (length > longestLine) kept = [];
      // A copy, as the next read overwrites the bytes; the method slice of a Buffer makes none.
      else if (piece.length > 0) kept.push(Uint8Array.from(piece));
    };
    const take = (ended: boolean): TextLine => {
      const bytes = length > longestLine ? null : Buffer.concat(kept);
      kept = [];
      length = 0;
      return { bytes, number: number++, ended };
    };
    const piece = Buffer.allocUnsafe(pieceBytes);
    for (let count = readSync(descriptor, piece); count > 0; count = readSync(descriptor, piece)) {
      let start = 0;
      for (;;) {
        const end = piece.subarray(0, count).indexOf(lineFeed, start);
        if (end < 0) break;
        keep(piece.subarray(start, end));
        yield take(true);
        start = end + 1;
      }
      keep(piece.subarray(start, count));
    }
    if (length > 0) yield take(false);
  } finally {
    closeSync(descriptor);
  }
}

function openFile(path: string): number {
  try {
    if (statSync(path).isFile()) return openSync(path, 'r');
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    const reason = cause.code === 'ENOENT' ? 'no such file' : `cannot be read (${cause.code})`;
    throw new DataError(`${path}: ${reason}; expected a journal of decisions`, { cause });
  }
  throw new DataError(`${path}: is no file; expected a journal of decisions`);
}
