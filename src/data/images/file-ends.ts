/**
 * Reads the first and last bytes of a file. They tell whether a copy or download was cut off, and hold the header of a
 * PNG, at a small fraction of the cost of decoding.
 */

import { close, fstatSync, open, read } from 'node:fs';
import { promisify } from 'node:util';

// Callbacks cost half of what file handles do, which counts in datasets of tens of thousands of files. The status of an
// open file is in memory, so it is read synchronously.
const openFile = promisify(open);
const readFile = promisify(read);
const closeFile = promisify(close);

/** The end marker is searched in this many last bytes, as cameras and editors append a little to a finished image. */
const tailLength = 4096;
const riffLength = 12;
const endOfJpeg = Buffer.from([0xff, 0xd9]);

/** Says how the pixels of a PNG are stored. */
export type PngColor = 'gray' | 'rgb' | 'palette' | 'gray-alpha' | 'rgb-alpha';

/** Holds the header of a PNG. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Counts the bits of a channel, or of a palette index. */
  readonly depth: number;
  readonly color: PngColor;
  readonly interlaced: boolean;
}

/** Counts the first bytes of a file that `parsePngHeader` needs. */
export const pngHeaderLength = 33;

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const colors: ReadonlyMap<number, PngColor> = new Map([
  [0, 'gray'],
  [2, 'rgb'],
  [3, 'palette'],
  [4, 'gray-alpha'],
  [6, 'rgb-alpha'],
]);

const depths: Readonly<Record<PngColor, readonly number[]>> = {
  gray: [1, 2, 4, 8, 16],
  palette: [1, 2, 4, 8],
  rgb: [8, 16],
  'gray-alpha': [8, 16],
  'rgb-alpha': [8, 16],
};

/** Parses the header in the first bytes of a PNG. Returns null for any other file. */
export function parsePngHeader(bytes: Uint8Array): PngHeader | null {
  if (bytes.length < pngHeaderLength || signature.some((byte, place) => bytes[place] !== byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const color = colors.get(view.getUint8(25));
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const depth = view.getUint8(24);
  if (color === undefined || width === 0 || height === 0 || !depths[color].includes(depth)) return null;
  return { width, height, depth, color, interlaced: view.getUint8(28) === 1 };
}

/** Describes what the first and last bytes of a file tell. */
export interface FileEnds {
  /**
   * Is false when the end of a JPEG, PNG, WebP or JSON object is not found, and when the file is empty or unreadable. Such
   * a file may still be sound, as a long appendix hides the end; only decoding tells. Is true for any other format.
   */
  readonly ended: boolean;
  /** Holds the header of a PNG, and null for any other file. */
  readonly png: PngHeader | null;
}

/** Reads both ends of a file. A file that cannot be read counts as cut off. */
export async function readEnds(path: string): Promise<FileEnds> {
  const nothing = { ended: false, png: null };
  const file = await openFile(path, 'r').catch(() => null);
  if (file === null) return nothing;
  try {
    const { size } = fstatSync(file);
    const whole = size <= tailLength;
    const head = Buffer.alloc(Math.min(size, whole ? tailLength : pngHeaderLength));
    await readFile(file, head, 0, head.length, 0);
    if (head.toString('latin1', 0, 4) === 'RIFF') {
      return { ended: size >= riffLength && head.readUInt32LE(4) + 8 <= size, png: null };
    }
    const tail = whole ? head : Buffer.alloc(tailLength);
    if (!whole) await readFile(file, tail, 0, tail.length, size - tail.length);
    if (head[0] === 0xff) return { ended: tail.includes(endOfJpeg), png: null };
    if (head.toString('latin1', 1, 4) === 'PNG') {
      return { ended: tail.includes('IEND'), png: parsePngHeader(head) };
    }
    const ended = head[0] === '{'.charCodeAt(0) ? tail.toString('latin1').trimEnd().endsWith('}') : size > 0;
    return { ended, png: null };
  } catch {
    return nothing;
  } finally {
    await closeFile(file);
  }
}

/** Returns whether a file reaches its end; see `FileEnds.ended`. */
export async function reachesEnd(path: string): Promise<boolean> {
  return (await readEnds(path)).ended;
}
