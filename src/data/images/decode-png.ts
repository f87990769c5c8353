/**
 * Decodes PNGs of every depth to their stored samples: gray values and palette indices stay what they are. sharp expands
 * palettes and rescales low depths, and fast-png reads interlaced files below 8 bits as if every pixel had a byte and fills
 * rows that are missing with zeros, which would be labels.
 */

import { inflateSync } from 'node:zlib';
import type { PngHeader } from './file-ends.js';
import { pngChunks } from './png-chunks.js';

/** Describes the part of the pixels that one pass holds: its first column and row, and the steps between them. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
}

const wholeImage: readonly Pass[] = [{ left: 0, top: 0, across: 1, down: 1 }];
/** Adam7: seven smaller pictures, each with every n-th pixel of every m-th row. */
const interlacedPasses: readonly Pass[] = [
  { left: 0, top: 0, across: 8, down: 8 },
  { left: 4, top: 0, across: 8, down: 8 },
  { left: 0, top: 4, across: 4, down: 8 },
  { left: 2, top: 0, across: 4, down: 4 },
  { left: 0, top: 2, across: 2, down: 4 },
  { left: 1, top: 0, across: 2, down: 2 },
  { left: 0, top: 1, across: 1, down: 2 },
];

/** Some encoders write a few bytes behind the last row. */
const allowedExcess = 2 ** 16;

/** Returns the number of samples of a pixel. */
export function channelsOf({ color }: Pick<PngHeader, 'color'>): number {
  return { gray: 1, palette: 1, 'gray-alpha': 2, rgb: 3, 'rgb-alpha': 4 }[color];
}

/**
 * Returns the samples [height, width, channels] as stored, 8 bits each, or 16 when the file has 16.
 *
 * @throws {Error} saying what is wrong when the file is damaged, and when it holds fewer pixels than its header states
 */
export function decodePng(file: Uint8Array, header: PngHeader): Uint8Array | Uint16Array {
  const channels = channelsOf(header);
  const { width, height, depth } = header;
  const bits = depth * channels;
  const passes = (header.interlaced ? interlacedPasses : wholeImage).map((pass) => {
    const columns = Math.max(0, Math.ceil((width - pass.left) / pass.across));
    const rows = columns === 0 ? 0 : Math.max(0, Math.ceil((height - pass.top) / pass.down));
    return { ...pass, columns, rows, rowBytes: Math.ceil((columns * bits) / 8) };
  });
  const expected = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (rowBytes + 1), 0);
  const bytes = inflate(file, expected);
  const samples =
    depth === 16 ? new Uint16Array(width * height * channels) : new Uint8Array(width * height * channels);
  let at = 0;
  for (const { left, top, across, down, columns, rows, rowBytes } of passes) {
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row++, at += rowBytes + 1) {
      const line = bytes.subarray(at + 1, at + 1 + rowBytes);
      unfilter(line, { filter: bytes[at] as number, above, pixelBytes: Math.max(1, bits >> 3) });
      const start = ((top + row * down) * width + left) * channels;
      if (depth === 8 && across === 1) samples.set(line, start);
      else spread(line, { samples, start, columns, channels, depth, step: across * channels });
      above = line;
    }
  }
  return samples;
}

function inflate(file: Uint8Array, expected: number): Uint8Array {
  const packed: Uint8Array[] = [];
  for (const { type, data } of pngChunks(file, { checked: true })) if (type === 'IDAT') packed.push(data);
  const bytes = inflateSync(Buffer.concat(packed), { maxOutputLength: expected + allowedExcess });
  if (bytes.length < expected) throw new Error('the pixels end too early');
  return bytes;
}

/** Writes the samples of a row to their places, `step` samples from one pixel to the next. */
function spread(
  line: Uint8Array,
  {
    samples,
    start,
    columns,
    channels,
    depth,
    step,
  }: {
    readonly samples: Uint8Array | Uint16Array;
    readonly start: number;
    readonly columns: number;
    readonly channels: number;
    readonly depth: number;
    readonly step: number;
  },
): void {
  const mask = (1 << depth) - 1;
  for (let column = 0, from = 0; column < columns; column++) {
    for (let channel = 0; channel < channels; channel++, from++) {
      const place = start + column * step + channel;
      if (depth === 8) samples[place] = line[from] as number;
      else if (depth === 16)
        samples[place] = ((line[2 * from] as number) << 8) | (line[2 * from + 1] as number);
      else {
        const bit = from * depth;
        samples[place] = ((line[bit >> 3] as number) >> (8 - depth - (bit & 7))) & mask;
      }
    }
  }
}

/** Replaces the filtered bytes of a row by the bytes they stand for (PNG specification, section 9). */
function unfilter(
  line: Uint8Array,
  {
    filter,
    above,
    pixelBytes,
  }: { readonly filter: number; readonly above: Uint8Array; readonly pixelBytes: number },
): void {
  if (filter > 4) throw new Error(`unknown filter ${filter}`);
  for (let place = 0; filter > 0 && place < line.length; place++) {
    const inRow = place >= pixelBytes;
    const before = inRow ? (line[place - pixelBytes] as number) : 0;
    const over = above[place] as number;
    let predicted: number;
    if (filter === 1) predicted = before;
    else if (filter === 2) predicted = over;
    else if (filter === 3) predicted = (before + over) >> 1;
    else predicted = nearest({ before, over, diagonal: inRow ? (above[place - pixelBytes] as number) : 0 });
    line[place] = (line[place] as number) + predicted;
  }
}

/** Returns the neighbor that is nearest to before + above − diagonal: Paeth's predictor. */
function nearest({
  before,
  over,
  diagonal,
}: {
  readonly before: number;
  readonly over: number;
  readonly diagonal: number;
}): number {
  const [toBefore, toOver] = [Math.abs(over - diagonal), Math.abs(before - diagonal)];
  const toDiagonal = Math.abs(before + over - 2 * diagonal);
  if (toBefore <= toOver && toBefore <= toDiagonal) return before;
  return toOver <= toDiagonal ? over : diagonal;
}
